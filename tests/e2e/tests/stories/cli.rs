//! The command line: exit codes, messages with the fix in them, help that teaches.

use super::sites::{ANALYSERS, site, tcp};
use anyhow::Result;
use std::{
    net::TcpListener,
    process::{Command, Output},
};
use weir_e2e::{Rig, weir};

fn run(rig: &Rig, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(weir()).args(arguments).current_dir(rig.dir()).output()?)
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_bad_site_file_is_shown_with_line_column_and_a_hint() -> Result<()> {
    let rig = Rig::new()?;
    let good = site(&(tcp(502) + ANALYSERS));
    rig.write("good.toml", &good)?;
    let check = run(&rig, &["check", "good.toml"])?;
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));

    let bad = good
        .replace("generic-ph\"", "generic-hp\"")
        .replace("scan_interval_ms = 500", "scan_interval = 500");
    rig.write("bad.toml", &bad)?;
    let check = run(&rig, &["check", "bad.toml"])?;
    let text = said(&check);
    assert_eq!(check.status.code(), Some(1), "{text}");
    assert!(
        text.contains("generic-hp") && text.contains("generic-ph"),
        "a hint for the profile: {text}"
    );
    assert!(text.contains("scan_interval_ms"), "a hint for the key: {text}");
    assert!(text.contains("bad.toml:"), "file and line: {text}");
    assert!(text.matches("error").count() >= 3, "all faults at once: {text}");

    let run = run(&rig, &["run", "bad.toml"])?;
    assert_eq!(run.status.code(), Some(2), "{}", said(&run));
    assert!(said(&run).contains("generic-ph"));
    Ok(())
}

#[test]
fn profiles_beside_the_site_file_are_used_and_faults_in_them_are_shown() -> Result<()> {
    const PROFILE: &str = r#"
[profile]
id = "acme-lt200"
name = { zh = "液位计", en = "Level meter" }
source = "generic"
modbus = {}

[[point]]
id = "level"
name = { zh = "液位", en = "Level" }
parameter = "level"
unit = "m"
decimals = 2
register = { table = "holding", address = 0, type = "u16", scale = 0.01 }
"#;
    let rig = Rig::new()?;
    std::fs::create_dir(rig.dir().join("profiles"))?;
    rig.write("profiles/acme-lt200.toml", PROFILE)?;
    rig.write("site.toml", &site(&(tcp(502) + &ANALYSERS.replace("generic-ph", "acme-lt200"))))?;
    let check = run(&rig, &["check", "site.toml"])?;
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));

    rig.write("profiles/acme-lt200.toml", &PROFILE.replace("\"m\"", "\"furlong\""))?;
    let check = run(&rig, &["check", "site.toml"])?;
    assert_eq!(check.status.code(), Some(2), "{}", said(&check));
    assert!(
        said(&check).contains("acme-lt200.toml") && said(&check).contains("furlong"),
        "{}",
        said(&check)
    );

    rig.write("profiles/acme-lt200.toml", &PROFILE.replace("acme-lt200", "generic-ph"))?;
    let check = run(&rig, &["check", "site.toml"])?;
    assert!(said(&check).contains("an id of its own"), "{}", said(&check));
    Ok(())
}

#[test]
fn a_taken_port_is_named_with_what_to_do() -> Result<()> {
    let rig = Rig::new()?;
    rig.write("site.toml", &site(&(tcp(502) + ANALYSERS)))?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let port = taken.local_addr()?.port().to_string();
    let output = run(&rig, &["run", "site.toml", "--listen", &address])?;
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains(&port) && text.contains("listen"), "{text}");
    Ok(())
}

#[test]
fn two_gateways_cannot_share_a_data_folder() -> Result<()> {
    let mut rig = Rig::new()?;
    rig.write("site.toml", &site(&(tcp(1) + ANALYSERS)))?;
    rig.start()?;
    let output = run(&rig, &["run", "site.toml", "--listen", "127.0.0.1:0"])?;
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("data"), "the folder is named: {text}");
    Ok(())
}

#[test]
fn packs_keep_their_promises_and_can_be_listed() -> Result<()> {
    let rig = Rig::new()?;
    let test = run(&rig, &["packs", "test"])?;
    assert_eq!(test.status.code(), Some(0), "{}", said(&test));
    assert!(said(&test).contains(" passed, 0 failed"));
    let list = run(&rig, &["packs", "list"])?;
    for pack in ["gb18466-2005", "gb37488-2019", "lodging-cups", "gbz130-2020"] {
        assert!(said(&list).contains(pack), "{pack}");
    }
    let missing = run(&rig, &["packs", "test", "nowhere.toml"])?;
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).contains("nowhere.toml"));
    Ok(())
}

#[test]
fn wrong_usage_is_two_and_help_teaches() -> Result<()> {
    let rig = Rig::new()?;
    assert_eq!(run(&rig, &["frobnicate"])?.status.code(), Some(2));
    assert_eq!(run(&rig, &["run", "nowhere.toml"])?.status.code(), Some(2));
    let help = said(&run(&rig, &["--help"])?);
    for command in ["demo", "run", "check", "replay", "packs", "read"] {
        assert!(help.contains(command), "{help}");
    }
    let replay = said(&run(&rig, &["replay", "--help"])?);
    assert!(replay.contains("time,point,value,quality"), "{replay}");
    Ok(())
}
