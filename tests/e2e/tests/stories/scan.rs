//! Finding what is on a line, planning it, and looking at it byte by byte, without a gateway.

use super::sites::{ANALYSERS, rtu, site, tcp};
use anyhow::Result;
use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    thread,
    time::Duration,
};
use weir_e2e::{Rig, free_port, pause, python, root, wait_for, weir};

const PATIENCE: Duration = Duration::from_secs(20);

fn run(rig: &Rig, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(weir()).args(arguments).current_dir(rig.dir()).output()?)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(output: &Output) -> Result<Value> {
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn units(report: &Value) -> Vec<u64> {
    let units = report["units"].as_array().cloned().unwrap_or_default();
    units.iter().filter_map(|unit| unit["unit"].as_u64()).collect()
}

/// A Modbus TCP server: unit 3 answers, unit 7 refuses, a gateway answers for the others if it is
/// one, and else they are silent. Every register is 712.
fn server(gateway: bool, everybody: bool) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = [0u8; 12];
                while stream.read_exact(&mut request).is_ok() {
                    let (unit, function) = (request[6], request[7]);
                    let refusal = |code: u8| vec![function | 0x80, code];
                    let pdu = match unit {
                        _ if everybody || (unit == 3 && function > 2) => vec![function, 2, 2, 200],
                        3 => refusal(1),
                        7 => refusal(2),
                        _ if gateway => refusal(0x0B),
                        _ => continue,
                    };
                    let length = u8::try_from(pdu.len() + 1).expect("a short answer");
                    let mut frame = request[..4].to_vec();
                    frame.extend([0, length, unit]);
                    frame.extend(pdu);
                    if stream.write_all(&frame).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(port)
}

#[test]
fn units_behind_an_address_are_found_by_answers_and_refusals() -> Result<()> {
    let rig = Rig::new()?;
    for gateway in [false, true] {
        let to = format!("127.0.0.1:{}", server(gateway, false)?);
        let scan = ["scan", "--tcp", &to, "--units", "1-9", "--timeout-ms", "60"];
        let table = run(&rig, &scan)?;
        assert_eq!(table.status.code(), Some(0), "{}", stdout(&table));
        assert!(stdout(&table).contains("modbus_tcp = { host = \"127.0.0.1\""));
        let report = json(&run(&rig, &[&scan[..], &["--json"]].concat())?)?;
        assert_eq!(units(&report), [3, 7], "{report}");
        assert_eq!(report["units"][0]["said"], "answers");
        let said = report["units"][1]["said"].as_str().unwrap_or_default();
        assert!(said.starts_with("refuses holding 0"), "{report}");
        assert_eq!(report["units"][0]["tables"][2]["said"], "0 = 712", "{report}");
        assert_eq!(gateway, report["remarks"].to_string().contains("gateway"), "{report}");
    }
    Ok(())
}

#[test]
fn one_device_that_answers_to_every_unit_is_told() -> Result<()> {
    let rig = Rig::new()?;
    let to = format!("127.0.0.1:{}", server(false, true)?);
    let report = json(&run(&rig, &["scan", "--tcp", &to, "--json"])?)?;
    assert!(report["remarks"].to_string().contains("every unit id is answered"), "{report}");
    assert!(units(&report).len() < 20, "{report}");
    Ok(())
}

#[test]
fn nothing_found_is_a_problem_and_nothing_there_the_environment() -> Result<()> {
    let rig = Rig::new()?;
    let silent = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let to = format!("127.0.0.1:{silent}");
    let refused = run(&rig, &["scan", "--tcp", &to, "--units", "1-3"])?;
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let to = silent.local_addr()?.to_string();
    let nothing = run(&rig, &["scan", "--tcp", &to, "--units", "1-3", "--timeout-ms", "50"])?;
    assert_eq!(nothing.status.code(), Some(1), "{}", stdout(&nothing));
    assert!(stdout(&nothing).contains("nothing answered"), "{}", stdout(&nothing));
    for usage in
        [&["scan"][..], &["scan", "--tcp", "tcp://h"], &["scan", "--tcp", "h", "--units", "9-1"]]
    {
        assert_eq!(run(&rig, usage)?.status.code(), Some(2), "{usage:?}");
    }
    Ok(())
}

#[test]
fn what_is_on_a_serial_line_is_found_named_and_explained() -> Result<()> {
    let rig = Rig::new()?;
    let (ours, theirs) = (rig.dir().join("ours"), rig.dir().join("theirs"));
    let end = |path: &Path| format!("pty,raw,echo=0,link={}", path.display());
    let _cable = rig.program("socat", Command::new("socat").args([end(&ours), end(&theirs)]))?;
    wait_for("the cable", PATIENCE, || (ours.exists() && theirs.exists()).then_some(()))?;
    rig.write("values", "5.5 7.5")?;
    let script = root().join("tests/e2e/peers/modbus_server.py");
    let port = theirs.display().to_string();
    let _server =
        rig.program("pymodbus", Command::new(python()).arg(script).args(["rtu", &port, "values"]))?;
    let ours = ours.display().to_string();
    let scan = [
        "scan",
        "--serial",
        &ours,
        "--baud",
        "9600,19200",
        "--parity",
        "none",
        "--units",
        "2-6",
        "--timeout-ms",
        "200",
        "--profiles",
        "--json",
    ];
    // The server takes a moment to start. It refuses for units that it does not have.
    let answering = |report: &Value| -> Vec<Value> {
        let units = report["units"].as_array().cloned().unwrap_or_default();
        units.into_iter().filter(|unit| unit["said"] == "answers").collect()
    };
    let mut report = Value::Null;
    for _ in 0..5 {
        report = json(&run(&rig, &scan)?)?;
        if answering(&report).len() == 2 {
            break;
        }
        pause(Duration::from_secs(1));
    }
    let found = answering(&report);
    let numbers: Vec<_> = found.iter().filter_map(|unit| unit["unit"].as_u64()).collect();
    assert_eq!(numbers, [3, 5], "{report}");
    assert!(found[0]["profiles"].to_string().contains("generic-residual-chlorine"), "{report}");
    assert!(found[1]["profiles"].to_string().contains("generic-ph"), "{report}");
    let transport = report["units"][0]["transport"].as_str().unwrap_or_default();
    assert!(transport.contains("baud = 9600, parity = \"none\""), "{report}");

    rig.write("site.toml", &site(&(rtu(&ours) + ANALYSERS)))?;
    let read = run(&rig, &["read", "site.toml", "trc-1", "--explain"])?;
    let text = stdout(&read);
    assert_eq!(read.status.code(), Some(0), "{text}");
    assert!(text.contains("-> 03 04 00 00"), "the request's bytes: {text}");
    assert!(text.contains("<- 03 04"), "the answer's bytes: {text}");
    assert!(text.contains("cdab") && text.contains("5.5"), "{text}");
    Ok(())
}

#[test]
fn a_plan_tells_what_a_link_carries_and_what_is_too_much() -> Result<()> {
    let rig = Rig::new()?;
    rig.write("site.toml", &site(&(tcp(free_port()?) + ANALYSERS)))?;
    let plan = run(&rig, &["plan", "site.toml"])?;
    assert_eq!(plan.status.code(), Some(0), "{}", stdout(&plan));
    for line in stdout(&plan).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    let plan = json(&run(&rig, &["plan", "site.toml", "--json"])?)?;
    assert_eq!(plan["series"], 4, "{plan}");
    assert_eq!(plan["readings_per_second"], 8.0, "{plan}");
    let request = &plan["links"][0]["devices"][1]["requests"][0];
    assert_eq!((&request["table"], &request["count"]), (&"holding".into(), &2.into()), "{plan}");

    let slow = site(&(rtu("/dev/ttyUSB0").replace("9600", "1200") + ANALYSERS));
    rig.write("site.toml", &slow)?;
    let plan = run(&rig, &["plan", "site.toml"])?;
    assert_eq!(plan.status.code(), Some(1), "{}", stdout(&plan));
    assert!(stdout(&plan).contains("CANNOT KEEP UP"), "{}", stdout(&plan));
    let check = run(&rig, &["check", "site.toml"])?;
    assert_eq!(check.status.code(), Some(0));
    let said = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(said.contains("cannot keep up") && said.contains("site.toml:"), "{said}");
    Ok(())
}
