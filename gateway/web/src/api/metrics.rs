//! `/metrics`: how the gateway does, for a monitoring system.

use super::gateway::not_ready;
use crate::{
    dto::breaker,
    exposition::{Exposition, Number, one},
    problem::Problem,
    state::{App, Shared, WebState},
    view::View,
};
use axum::{extract::State, http::header, response::IntoResponse};
use std::sync::Arc;
use weir_domain::{Timestamp, Verdict};
use weir_engine::ports::{
    BreakerState, DeviceHealth, DeviceState, LinkHealth, RejudgeStatus, SinkStatus, StoreStatus,
    VerdictTally,
};

pub(crate) async fn metrics(State(app): Shared) -> Result<impl IntoResponse, Problem> {
    let page = app.ask({
        let app = Arc::clone(&app);
        move |web| page(web, &app)
    });
    Ok(([(header::CONTENT_TYPE, Exposition::MEDIA_TYPE)], page.await?))
}

fn page(web: &WebState, app: &App) -> Result<String, Problem> {
    let mut page = Exposition::default();
    gateway(&mut page, web, app);
    store(&mut page, &web.storage.status());
    site(&mut page, &web.view());
    verdicts(&mut page, web.records.tally()?);
    rejudging(&mut page, &web.marks.rejudging()?, web.clock.now());
    devices(&mut page, &web.health.devices());
    links(&mut page, &web.health.links());
    sinks(&mut page, &web.sinks.sinks());
    Ok(page.finish())
}

fn gateway(page: &mut Exposition, web: &WebState, app: &App) {
    let version = (vec![("version", web.version)], 1.0);
    page.gauge("weir_build_info", "The version that runs.", [version]);
    let started = web.started_at.as_millis() as f64 / 1_000.0;
    page.gauge("weir_start_time_seconds", "When the gateway was started.", one(started));
    let help = "Whether readings are taken in and judged.";
    page.gauge("weir_ready", help, one(not_ready(web).is_none()));
    let listeners = one(app.hub.listeners());
    page.gauge("weir_event_listeners", "Clients that listen to live events.", listeners);
}

fn store(page: &mut Exposition, store: &StoreStatus) {
    let counters = [
        (
            "weir_readings_accepted_total",
            "Readings accepted since the store was made.",
            store.accepted,
        ),
        ("weir_readings_expired_total", "Readings dropped by retention.", store.expired),
        ("weir_readings_duplicate_total", "Readings replaced by a later one.", store.duplicates),
        ("weir_store_commits_total", "Commits since the start.", store.commits),
    ];
    for (name, help, value) in counters {
        page.counter(name, help, one(value));
    }
    let gauges = [
        ("weir_readings_in_journal", "Readings not yet in a sealed chunk.", store.in_journal),
        ("weir_readings_in_history", "Readings in sealed chunks.", store.in_history),
        ("weir_store_bytes", "Bytes of all files of the store.", store.bytes),
    ];
    for (name, help, value) in gauges {
        page.gauge(name, help, one(value));
    }
    let help = "Whether the store takes no readings at the moment.";
    page.gauge("weir_store_fault", help, one(store.fault.is_some()));
    let help = "Readings accepted that are neither stored, expired nor duplicate; must be 0.";
    page.gauge("weir_conservation_off", help, one(conservation_off(store)));
}

/// Signed, because readings out of nowhere are as wrong as lost ones.
fn conservation_off(store: &StoreStatus) -> f64 {
    let found = [store.in_journal, store.in_history, store.expired, store.duplicates];
    let found: i128 = found.map(i128::from).iter().sum();
    (i128::from(store.accepted) - found) as f64
}

fn site(page: &mut Exposition, view: &View) {
    let alarms = &view.snapshot.alarms;
    let active = alarms.iter().filter(|alarm| alarm.is_active()).count();
    page.gauge("weir_alarms_active", "Alarms whose condition holds.", one(active));
    let unseen = alarms.iter().filter(|alarm| alarm.acknowledged_at.is_none()).count();
    page.gauge("weir_alarms_unacknowledged", "Alarms nobody has acknowledged.", one(unseen));

    let points = view.site().points.iter().enumerate();
    let stale = points.filter(|(i, info)| view.point(*i, info).stale).count();
    page.gauge("weir_points", "Points of the site.", one(view.site().points.len()));
    page.gauge("weir_points_stale", "Points without a sample in time.", one(stale));

    let verdicts = [Verdict::Compliant, Verdict::NonCompliant, Verdict::Indeterminate];
    let mut areas = Vec::new();
    for area in &view.site().areas {
        let now = view.area_verdict(&area.id);
        for verdict in verdicts {
            let labels = vec![("area", area.id.as_str()), ("verdict", verdict.as_str())];
            areas.push((labels, (now == Some(verdict)).number()));
        }
    }
    page.gauge(
        "weir_area_verdict",
        "1 for the verdict that an area stands at; 0 for all when nothing applies to it now.",
        areas,
    );
}

fn verdicts(page: &mut Exposition, tally: VerdictTally) {
    let counts = [
        (Verdict::Compliant, tally.compliant),
        (Verdict::NonCompliant, tally.non_compliant),
        (Verdict::Indeterminate, tally.indeterminate),
    ];
    let standing =
        counts.iter().map(|(verdict, n)| (vec![("verdict", verdict.as_str())], n.number()));
    let help = "Verdicts that stand, since the store was made; a stretch judged again counts once.";
    page.gauge("weir_verdicts", help, standing);
    let help = "Verdicts that do not stand any more, as their stretch was judged again.";
    page.counter("weir_verdicts_superseded_total", help, one(tally.superseded));
}

fn rejudging(page: &mut Exposition, status: &RejudgeStatus, now: Timestamp) {
    let help = "Stretches that wait to be judged again, or are being judged.";
    page.gauge("weir_rejudgements_pending", help, one(status.pending));
    let help = "Stretches that were judged again since the store was made.";
    page.counter("weir_rejudgements_done_total", help, one(status.done));
    let lag = status.oldest.map_or(0.0, |asked| now.since(asked).as_secs_f64());
    let help = "Age of the oldest request to judge again that waits.";
    page.gauge("weir_rejudgements_lag_seconds", help, one(lag));
}

fn devices(page: &mut Exposition, devices: &[DeviceHealth]) {
    fn each<'a>(
        devices: &'a [DeviceHealth],
        value: impl Fn(&DeviceHealth) -> Option<f64> + 'a,
    ) -> impl Iterator<Item = (Vec<(&'a str, &'a str)>, f64)> + 'a {
        devices.iter().filter_map(move |device| {
            let labels = vec![("device", device.device.as_str()), ("link", device.link.as_str())];
            Some((labels, value(device)?))
        })
    }
    let up = each(devices, |d| Some((d.state == DeviceState::Online).number()));
    page.gauge("weir_device_up", "Whether the last exchange went well.", up);
    let seconds = each(devices, |d| d.round_trip.map(|trip| trip.last_ms / 1_000.0));
    let help = "Round-trip time of the last good answer.";
    page.gauge("weir_device_round_trip_seconds", help, seconds);
    let p95 = each(devices, |d| d.round_trip.map(|trip| trip.p95_ms / 1_000.0));
    let help = "95 % of the last answers took no longer.";
    page.gauge("weir_device_round_trip_p95_seconds", help, p95);
    let scan = each(devices, |d| d.scan_ms.map(|millis| millis / 1_000.0));
    page.gauge("weir_device_scan_seconds", "How long the last scan took.", scan);
    type Count = fn(&DeviceHealth) -> u64;
    let counters: [(&str, &str, Count); 7] = [
        ("weir_device_successes_total", "Exchanges that went well.", |d| d.successes),
        ("weir_device_timeouts_total", "Exchanges without an answer in time.", |d| d.timeouts),
        ("weir_device_crc_errors_total", "Exchanges that brought no frame.", |d| d.crc_errors),
        ("weir_device_invalid_answers_total", "Answers that fail a check.", |d| d.invalid_answers),
        ("weir_device_late_answers_total", "Answers that came too late.", |d| d.late_answers),
        ("weir_device_exceptions_total", "Modbus exceptions.", |d| d.exceptions),
        ("weir_device_skipped_scans_total", "Scans that were not made.", |d| d.skipped_scans),
    ];
    for (name, help, count) in counters {
        page.counter(name, help, each(devices, move |device| Some(count(device).number())));
    }
    let states = [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen];
    let breakers = devices.iter().flat_map(|device| {
        states.map(|state| {
            let labels = vec![
                ("device", device.device.as_str()),
                ("link", device.link.as_str()),
                ("state", breaker(state)),
            ];
            (labels, (device.breaker == state).number())
        })
    });
    let help = "1 for the state of the breaker: closed, or asked now and then only.";
    page.gauge("weir_device_breaker", help, breakers);
}

fn links(page: &mut Exposition, links: &[LinkHealth]) {
    fn each<'a>(
        links: &'a [LinkHealth],
        value: impl Fn(&LinkHealth) -> f64 + 'a,
    ) -> impl Iterator<Item = (Vec<(&'a str, &'a str)>, f64)> + 'a {
        links.iter().map(move |link| (vec![("link", link.link.as_str())], value(link)))
    }
    let up = each(links, |link| link.up.number());
    page.gauge("weir_link_up", "Whether the link is connected.", up);
    let help = "Share of the last minute in which the link was busy.";
    page.gauge("weir_link_busy_ratio", help, each(links, |link| link.busy));
    let connects = each(links, |link| link.connects.number());
    page.counter("weir_link_connects_total", "Times the link was connected.", connects);
}

fn sinks(page: &mut Exposition, sinks: &[SinkStatus]) {
    fn each<'a>(
        sinks: &'a [SinkStatus],
        value: impl Fn(&SinkStatus) -> f64 + 'a,
    ) -> impl Iterator<Item = (Vec<(&'a str, &'a str)>, f64)> + 'a {
        sinks
            .iter()
            .map(move |sink| (vec![("sink", sink.name.as_str()), ("kind", sink.kind)], value(sink)))
    }
    let up = each(sinks, |sink| sink.connected.number());
    page.gauge("weir_sink_up", "Whether the last delivery went well.", up);
    let pending = each(sinks, |sink| sink.pending.number());
    page.gauge("weir_sink_pending", "Records not yet delivered.", pending);
    let quarantined = each(sinks, |sink| sink.quarantined.number());
    page.gauge("weir_sink_quarantined", "Records put aside because they are refused.", quarantined);
    let help = "Age of the oldest record not delivered.";
    page.gauge("weir_sink_lag_seconds", help, each(sinks, |sink| sink.lag_secs));
    let help = "Records delivered since the start; a server that was restarted gets some again.";
    let delivered = each(sinks, |sink| sink.delivered.number());
    page.gauge("weir_sink_delivered", help, delivered);
    let verified = each(sinks, |sink| sink.verified.number());
    page.counter(
        "weir_sink_verified_total",
        "Records known to be safe at the other side.",
        verified,
    );
}
