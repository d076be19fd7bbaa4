//! From a site file to the settings of each crate. Pure translation: what a site means was decided
//! by the config crate, and what the gateway does with it by the others.

use crate::{clock::SystemClock, exit::Failure, packs};
use anyhow::{Context as _, anyhow};
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use weir_acquisition::{DeviceSettings, Endpoint, Framing, LinkSettings, MqttSettings, Tls};
use weir_compliance::Pack;
use weir_config::{
    ConfigError, Device, Library, Link, Secret, SinkKind, Site, Transport, area_facts, render,
};
use weir_domain::{Clock as _, PointId, SeriesId};
use weir_engine::{AlarmLimits, AreaSpec, DeviceSpec, LinkInfo, SiteSpec};
use weir_northbound::SinkSettings;
use weir_profiles::Profile;

/// A site file that was read and found good.
pub(crate) struct Loaded {
    pub(crate) site: Site,
    /// SHA-256 of the file, in hex.
    pub(crate) hash: String,
    /// Where it was read from.
    pub(crate) file: PathBuf,
}

impl Loaded {
    /// A file or folder in the same folder as the site file.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.resolve(Path::new(name))
    }

    /// A path as the site file writes it: a relative one begins at the file's own folder.
    fn resolve(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }
}

/// The profiles and packs that a site can use: those that come with the program, and those in the
/// folders `profiles` and `packs` beside the site file.
pub(crate) fn library(site_file: &Path) -> Result<Library, Failure> {
    let folder = site_file.parent().unwrap_or(Path::new(""));
    let mut profiles = weir_profiles::builtin_profiles();
    for (path, text) in toml_files(&folder.join("profiles"))? {
        let profile = Profile::parse(&text)
            .map_err(|error| Failure::usage(anyhow!("{}: {error}", path.display())))?;
        refuse_twin(profiles.iter().any(|p| p.id == profile.id), &path, profile.id.as_str())?;
        profiles.push(Arc::new(profile));
    }
    let mut packs = weir_compliance::builtin_packs();
    for (path, text) in toml_files(&folder.join("packs"))? {
        let pack = packs::read(&path, &text)?;
        refuse_twin(packs.iter().any(|p| p.id == pack.id), &path, pack.id.as_str())?;
        packs.push(Arc::new(pack));
    }
    Ok(Library { profiles, packs, now: Some(SystemClock.now()) })
}

/// One id, one meaning.
fn refuse_twin(is_known: bool, path: &Path, id: &str) -> Result<(), Failure> {
    if is_known {
        return Err(Failure::usage(anyhow!(
            "{}: there is another {id:?} already; give this one an id of its own",
            path.display()
        )));
    }
    Ok(())
}

/// The TOML files of a folder with their texts, by name; none if there is no such folder.
fn toml_files(folder: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()));
    let mut paths = Vec::new();
    for entry in entries.map_err(Failure::usage)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))
            .map_err(Failure::usage)?;
        Ok((path, text))
    };
    paths.into_iter().map(read).collect()
}

/// Reads a site file. Warnings go to the log, faults into the failure.
pub(crate) fn load(path: &Path) -> Result<Loaded, Failure> {
    let text = text(path)?;
    let file = path.display().to_string();
    check(path, &text)?
        .map_err(|error| Failure::usage(anyhow!("{}", render(&error.reasons, &file, &text))))
}

/// The same, with the faults a line each, for those who are not at the terminal.
pub(crate) fn load_or_lines(path: &Path) -> Result<Loaded, Vec<String>> {
    let line = |failure: Failure| vec![failure.to_string()];
    let text = text(path).map_err(line)?;
    let file = path.display();
    check(path, &text).map_err(line)?.map_err(|error| {
        let reasons = error.reasons.iter();
        reasons.map(|reason| format!("{file}, {reason}")).collect()
    })
}

fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .with_context(|| format!("could not read the site file {}", path.display()))
        .map_err(Failure::usage)
}

fn check(path: &Path, text: &str) -> Result<Result<Loaded, ConfigError>, Failure> {
    let checked = match Site::parse(text, &library(path)?) {
        Ok(checked) => checked,
        Err(error) => return Ok(Err(error)),
    };
    for warning in &checked.warnings {
        tracing::warn!("{}:{}: {}", path.display(), warning.line, warning.problem);
    }
    let hash = hex(&Sha256::digest(text.as_bytes()));
    Ok(Ok(Loaded { site: checked.site, hash, file: path.to_owned() }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The packs that every area has, whatever its law: that there are data, and whether they may be
/// believed. They stand behind the area's own, which may have better checks.
fn system_packs(packs: &[Arc<Pack>]) -> impl Iterator<Item = &Arc<Pack>> {
    let is_of_system = |pack: &&Arc<Pack>| weir_config::SYSTEM_PACKS.contains(&pack.id.as_str());
    packs.iter().filter(is_of_system)
}

/// What the engine needs to know. `series` gives the number of each point, in the order of
/// devices and their profiles' points.
pub(crate) fn spec(loaded: &Loaded, series: &[SeriesId]) -> SiteSpec {
    let site = &loaded.site;
    let packs = weir_compliance::builtin_packs();
    let mut rest = series;
    let areas = site.areas.iter().map(|area| AreaSpec {
        name: area.name.clone(),
        kind: area.kind.as_str().to_owned(),
        opening_hours: area.opening_hours.clone(),
        packs: area.packs.iter().chain(system_packs(&packs)).cloned().collect(),
        facts: area_facts(site, area),
    });
    let devices = site.devices.iter().map(|device| {
        let (own, others) = rest.split_at(device.profile.points.len());
        rest = others;
        DeviceSpec {
            id: device.id.clone(),
            name: device.name.clone(),
            profile: device.profile.clone(),
            link: device.link.clone(),
            unit_id: device.unit_id,
            area: device.area.clone(),
            role: device.role.clone(),
            scan_interval: device.scan_interval,
            stale_after: device.stale_after,
            series: own.to_vec(),
        }
    });
    SiteSpec {
        id: site.id.clone(),
        name: site.name.clone(),
        time_zone: site.time_zone_name.clone(),
        config_hash: loaded.hash.clone(),
        areas: areas.collect(),
        links: site.links.iter().map(link_info).collect(),
        devices: devices.collect(),
        alarms: AlarmLimits { shelve_max: site.alarms.shelve_max },
    }
}

fn link_info(link: &Link) -> LinkInfo {
    LinkInfo { id: link.id.clone(), transport: link.transport.to_string(), timeout: link.timeout }
}

/// The links with their devices, for the acquisition.
pub(crate) fn links(loaded: &Loaded, spec: &SiteSpec) -> Result<Vec<LinkSettings>, Failure> {
    let site = &loaded.site;
    let link = |link: &Link| {
        let devices = site.devices.iter().zip(&spec.devices).filter(|(d, _)| d.link == link.id);
        Ok(LinkSettings {
            id: link.id.clone(),
            transport: transport(loaded, link)?,
            timeout: link.timeout,
            request_gap: link.request_gap,
            devices: devices
                .map(|(device, spec)| device_settings(site, device, &spec.series))
                .collect(),
        })
    };
    site.links.iter().map(link).collect()
}

/// A device as the acquisition sees it.
pub(crate) fn device_settings(site: &Site, device: &Device, series: &[SeriesId]) -> DeviceSettings {
    DeviceSettings {
        id: device.id.clone(),
        unit_id: device.unit_id,
        address: device.address.clone(),
        profile: device.profile.clone(),
        scan_interval: device.scan_interval,
        series: series.to_vec(),
        site: site.id.clone(),
    }
}

/// A link's transport as the acquisition sees it: with the secrets and certificates themselves.
pub(crate) fn transport(
    loaded: &Loaded,
    link: &Link,
) -> Result<weir_acquisition::Transport, Failure> {
    use weir_acquisition::Transport as T;
    let secret = |reference: &Secret| secret(loaded, reference);
    let files = |tls: &weir_config::Tls| tls_files(loaded, tls);
    Ok(match link.transport.clone() {
        Transport::ModbusTcp { endpoints, framing, tls } => T::ModbusTcp {
            endpoints: endpoints.into_iter().map(endpoint).collect(),
            framing: self::framing(framing),
            tls: tls.as_ref().map(files).transpose()?,
        },
        Transport::ModbusDialIn { listen, registration, heartbeat, framing } => {
            T::ModbusDialIn { listen, registration, heartbeat, framing: self::framing(framing) }
        }
        Transport::ModbusRtu { port, baud, parity, stop_bits, data_bits } => T::ModbusRtu {
            port,
            baud,
            parity: match parity {
                weir_config::Parity::None => weir_acquisition::Parity::None,
                weir_config::Parity::Even => weir_acquisition::Parity::Even,
                weir_config::Parity::Odd => weir_acquisition::Parity::Odd,
            },
            stop_bits,
            data_bits,
        },
        Transport::Mqtt(mqtt) => T::Mqtt(Box::new(MqttSettings {
            endpoint: endpoint(mqtt.endpoint),
            version: match mqtt.version {
                weir_config::MqttVersion::V3 => weir_acquisition::MqttVersion::V3,
                weir_config::MqttVersion::V5 => weir_acquisition::MqttVersion::V5,
            },
            client_id: mqtt.client_id,
            username: mqtt.username,
            password: mqtt.password.as_ref().map(secret).transpose()?,
            tls: mqtt.tls.as_ref().map(files).transpose()?,
            share: mqtt.share,
            status_topic: mqtt.status_topic,
            keep_alive: mqtt.keep_alive,
        })),
        Transport::Http { token } => T::Http { token: secret(&token)? },
    })
}

fn endpoint(weir_config::Endpoint { host, port }: weir_config::Endpoint) -> Endpoint {
    Endpoint { host, port }
}

fn framing(framing: weir_config::Framing) -> Framing {
    match framing {
        weir_config::Framing::Mbap => Framing::Mbap,
        weir_config::Framing::Rtu => Framing::Rtu,
    }
}

/// Reads the certificates that a link needs.
fn tls_files(loaded: &Loaded, tls: &weir_config::Tls) -> Result<Tls, Failure> {
    let read = |path: &PathBuf| {
        let path = loaded.resolve(path);
        fs::read_to_string(&path)
            .with_context(|| format!("could not read the certificate or key in {}", path.display()))
            .map_err(Failure::usage)
    };
    let identity = tls.identity.as_ref();
    let identity = identity.map(|(chain, key)| Ok::<_, Failure>((read(chain)?, read(key)?)));
    Ok(Tls {
        ca: tls.ca.as_ref().map(read).transpose()?,
        identity: identity.transpose()?,
        server_name: tls.server_name.clone(),
    })
}

/// The sinks, for northbound.
pub(crate) fn sinks(loaded: &Loaded) -> Result<Vec<SinkSettings>, Failure> {
    let secret = |reference: &Secret| secret(loaded, reference);
    let sink = |sink: &weir_config::Sink| {
        let kind = match &sink.kind {
            SinkKind::Influx { url, org, bucket, token, grace } => {
                weir_northbound::SinkKind::Influx {
                    url: url.clone(),
                    org: org.clone(),
                    bucket: bucket.clone(),
                    token: token.as_ref().map(secret).transpose()?.unwrap_or_default().into(),
                    grace: *grace,
                }
            }
            SinkKind::Webhook { url, secret: reference } => weir_northbound::SinkKind::Webhook {
                url: url.clone(),
                secret: secret(reference)?.into(),
            },
        };
        Ok(SinkSettings { id: sink.id.to_string(), kind })
    };
    loaded.site.sinks.iter().map(sink).collect()
}

/// The sinks that read the journal: it keeps what they have not sent, and nothing for a sink that
/// the site file no longer has.
pub(crate) fn journal_sinks(site: &Site) -> Vec<&str> {
    let reads_journal = |sink: &&weir_config::Sink| matches!(sink.kind, SinkKind::Influx { .. });
    site.sinks.iter().filter(reads_journal).map(|sink| sink.id.as_str()).collect()
}

/// Fetches a secret from where the site file says it is.
fn secret(loaded: &Loaded, reference: &Secret) -> Result<String, Failure> {
    let value = match reference {
        Secret::File(path) => fs::read_to_string(loaded.resolve(path))
            .with_context(|| format!("could not read the secret in {}", path.display())),
        Secret::Env(name) => std::env::var(name)
            .with_context(|| format!("the environment variable {name} of a secret is not set")),
    };
    let value = value.map_err(Failure::usage)?.trim().to_owned();
    if value.is_empty() {
        return Err(Failure::usage(anyhow!("the secret in {reference:?} is empty")));
    }
    Ok(value)
}

/// Every point of a site, in the order of devices and their profiles' points.
pub(crate) fn point_ids(site: &Site) -> Vec<PointId> {
    let of = |device: &Device| {
        let device = device.clone();
        let points = device.profile.points.clone();
        points.into_iter().map(move |def| PointId::new(device.id.clone(), def.id))
    };
    site.devices.iter().flat_map(of).collect()
}
