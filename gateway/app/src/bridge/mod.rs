//! `weir bridge`: Modbus (and MQTT) in, MQTT out, without store or judgement.
//!
//! Each scan of a device becomes one message on `<prefix>/<device>`, in the form that `weir run`
//! itself takes from a node ([`wording`]). What the broker does not take waits in a queue of
//! bounded size that gives up its oldest scans ([`outbox`]). Everything happens on one thread: the
//! work is small beside the system calls, and messages of one wake-up leave in one write
//! ([`session`]).

mod outbox;
mod session;
mod target;
mod wording;

use crate::{
    cli,
    clock::SystemClock,
    exit::{Exit, Failure},
    gateway::stop_on_signal,
    memory, site,
};
use anyhow::Context as _;
use outbox::Outbox;
use rumqttc::QoS;
use session::{Broker, Session};
use std::{fs, path::Path, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use weir_acquisition::Acquisition;
use weir_domain::{Clock as _, SeriesId};
use wording::Wording;

pub(crate) use target::Target;

/// How often it is told that scans were dropped.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Runs until SIGINT or SIGTERM.
pub(crate) async fn run(options: cli::Bridge) -> Result<Exit, Failure> {
    let loaded = site::load(&options.site)?;
    let points: usize = loaded.site.devices.iter().map(|device| device.profile.points.len()).sum();
    let points = u32::try_from(points).context("the site has more points than can be counted")?;
    // Nothing is stored, so the numbers need to hold for this run only.
    let series: Vec<SeriesId> = (0..points).map(SeriesId).collect();
    let spec = site::spec(&loaded, &series);
    let links = site::links(&loaded, &spec)?;
    let wording = Wording::new(&spec.devices, SystemClock.now().as_millis());
    let topics = spec.devices.iter().map(|device| options.to.topic(device.id.as_str())).collect();
    let outbox = Arc::new(Outbox::new(wording, usize::from(options.queue_mib) << 20));
    let (links_count, devices) = (links.len(), spec.devices.len());
    drop((loaded, spec));

    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let done = CancellationToken::new();
    let session = Session::new(broker(&options)?, topics, outbox.clone());
    tokio::spawn(memory::forget_start());
    let session = tokio::spawn(session.run(done.clone()));
    let clock = Arc::new(SystemClock);
    let acquisition = Acquisition::start(links, outbox.clone(), clock, stop.child_token());
    tracing::info!(
        "{devices} devices on {links_count} links are read; every scan goes to {}",
        options.to
    );
    tell_losses(&outbox, &stop).await;
    acquisition.join().await;
    done.cancel();
    session.await.context("the session with the broker ended with a panic")?;
    let (published, dropped) = outbox.counts();
    tracing::info!(published, dropped, "stopped");
    Ok(if dropped == 0 { Exit::Done } else { Exit::Problem })
}

fn broker(options: &cli::Bridge) -> Result<Broker, Failure> {
    let read = |path: &Path| {
        fs::read_to_string(path)
            .with_context(|| format!("could not read the password in {}", path.display()))
            .map_err(Failure::usage)
    };
    let password = options.password_file.as_deref().map(read).transpose()?;
    let login = options.user.clone().map(|user| {
        let password = password.unwrap_or_default();
        (user, password.trim_end_matches(['\r', '\n']).to_owned())
    });
    Ok(Broker {
        host: options.to.host.clone(),
        port: options.to.port,
        client_id: options.client_id.clone(),
        login,
        qos: if options.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce },
        retain: options.retain,
    })
}

/// Says now and then what was lost, until it is to stop.
async fn tell_losses(outbox: &Outbox, stop: &CancellationToken) {
    let mut told = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
        let (_, dropped) = outbox.counts();
        if dropped > told {
            tracing::warn!(
                "{} scans dropped, the oldest first: the broker is away, or slower than the instruments",
                dropped - told
            );
            told = dropped;
        }
    }
}
