//! What a server's own metrics page says of it: when it was started, and how many lines it has
//! acknowledged and thrown away.

use crate::sink::Server;

/// Reads a page in the Prometheus text format. VictoriaMetrics tells by `vm_app_start_timestamp`,
/// InfluxDB and everything else in Go by `process_start_time_seconds`.
pub(crate) fn read(page: &str) -> Server {
    let started = ["vm_app_start_timestamp", "process_start_time_seconds"]
        .iter()
        .find_map(|name| samples(page, name).next());
    let dropped = ["vm_rows_invalid_total", "vm_rows_ignored_total"];
    let discarded = dropped.iter().flat_map(|name| samples(page, name)).sum();
    started.map_or(Server::Silent, |at| Server::Started { at, discarded })
}

/// The values of a metric, whatever its labels.
fn samples<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = f64> + 'a {
    page.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.strip_prefix('{') {
            Some(labels) => labels.rsplit_once('}')?.1,
            None => rest.strip_prefix(' ')?,
        };
        value.split_whitespace().next()?.parse().ok().filter(|number: &f64| number.is_finite())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_field() {
        let victoria = "vm_app_start_timestamp 1795341600\n\
            vm_rows_invalid_total{type=\"influx\"} 2\n\
            vm_rows_ignored_total{reason=\"big_timestamp\"} 3\n\
            vm_rows_ignored_total{reason=\"small_timestamp\"} 0\n\
            process_start_time_seconds 1795341599\n";
        let influx = "# HELP process_start_time_seconds Start time\n\
            process_start_time_seconds 1.79534159912e+09\n";
        let started = |at, discarded| Server::Started { at, discarded };
        assert_eq!(read(victoria), started(1_795_341_600.0, 5.0));
        assert_eq!(read(influx), started(1_795_341_599.12, 0.0));
        assert_eq!(read(""), Server::Silent);
        assert_eq!(read("vm_app_start_timestamp_other 5"), Server::Silent);
        assert_eq!(read("vm_app_start_timestamp NaN"), Server::Silent);
    }
}
