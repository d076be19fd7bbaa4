//! `weir demo`: a simulated site and the gateway that watches it, in one process on embedded parts.
//!
//! The instruments stand on real sockets and the gateway reads them as it would read any others.
//! The days before are made by the same simulators on a virtual clock and go through the same
//! journal and engine, so that every page is full at once. Nothing of the gateway knows that it is
//! in a demo.

mod history;
mod instruments;

use crate::{
    cli,
    clock::{HandClock, SystemClock},
    exit::{Exit, Failure},
    gateway::{Gateway, stop_on_signal},
    site,
};
use anyhow::Context as _;
use instruments::Instruments;
use std::{fs, path::Path, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use weir_devices::SharedPlant;
use weir_domain::Clock as _;
use weir_plant::{Plant, Script};

pub(crate) async fn run(options: cli::Demo) -> Result<Exit, Failure> {
    let listener = weir_web::bind(options.listen).await?;
    let data = options.dir.join("data");
    if options.fresh {
        remove(&data)?;
    }
    fs::create_dir_all(&options.dir)
        .with_context(|| format!("could not create the folder {}", options.dir.display()))?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;

    let now = SystemClock.now();
    let has_past = data.join("journal.sqlite").exists();
    let days = if has_past { 0 } else { options.days };
    let start = now - Duration::from_secs(u64::from(days) * 86_400);
    let clock = Arc::new(HandClock::at(start));
    // Where the lines end is known before the instruments run: the site file names them.
    let lines = instruments::Lines::reserve(&options.dir).await?;
    let file = options.dir.join("site.toml");
    lines.write_site(&file, &options)?;
    let gateway = Gateway::open(site::load(&file)?, &data, clock.clone())?;

    let (plant, history) = if days > 0 {
        let past = history::Past { seed: options.seed, start, end: now };
        let (plant, told) = past.tell(&gateway, &clock, &stop).await?;
        (plant, Some(told))
    } else {
        (Plant::scripted(options.seed, now, Script::live(now)), None)
    };
    clock.let_go();
    if stop.is_cancelled() {
        gateway.close().await;
        return Ok(Exit::Done);
    }
    let instruments = Instruments::start(SharedPlant::new(plant, clock), lines).await?;
    print_what_runs(&options, &file, &instruments, history);
    if options.open {
        open_browser(&format!("http://{}/", options.listen));
    }
    let served = gateway.serve(listener, stop, None).await;
    instruments.stop().await;
    served?;
    Ok(Exit::Done)
}

/// Throws an earlier demo's data away, and nothing else.
fn remove(data: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(data) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", data.display()))?
        }
        _ => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "what was started is what the person asked for")]
fn print_what_runs(
    options: &cli::Demo,
    file: &Path,
    instruments: &Instruments,
    history: Option<history::Told>,
) {
    let (file, dir) = (file.display(), options.dir.display());
    println!(
        "\nWeir is watching a simulated site: hospital effluent, pool, guest house, radiology.\n"
    );
    println!("  console      http://{}/", options.listen);
    for line in instruments.lines() {
        println!("  {line}");
    }
    match history {
        Some(told) => println!("  history      {told}"),
        None => {
            println!("  history      goes on from the data in {dir}/data (--fresh begins anew)")
        }
    }
    println!("  site file    {file}");
    println!("  data         {dir}/data\n");
    println!("What happens next (nothing is sped up; the rules take the time they take):");
    println!("  in 20 s      an exposure with the door open, and again every few minutes");
    println!(
        "  in 40 s      the turbidity meter falls silent; the alarm comes half a minute later"
    );
    println!("  in 1 min     disinfection cabinet 2 starts a cycle that does not get hot enough");
    println!(
        "  in 3 min     the pool's chlorine falls below 0.3 mg/L (while the pool is open, 06:00-22:00"
    );
    println!(
        "               in Shanghai; else after it opens): a warning after 10 min, a violation after 30"
    );
    let weir = std::env::args().next().unwrap_or_else(|| "weir".into());
    println!("\nTry next, in another terminal:");
    println!("  {weir} read {file} pool-1 --explain   (what an instrument says, byte by byte)");
    println!("  {weir} check {file}                   (then break the file, and check again)");
    println!("  {weir} packs list                     (what the law asks for, with clauses)");
    println!("\nStop with Ctrl-C. Then `{weir} run {file}` goes on with the same data;");
    println!("the instruments stop with the demo, and the site file says how to start them apart.");
}

/// Opens the console; a machine without a browser still has the address on its screen.
fn open_browser(url: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = std::process::Command::new(opener).arg(url).spawn() {
        tracing::warn!("could not open a browser with {opener}: {error}");
    }
}
