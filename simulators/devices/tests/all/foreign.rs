//! Other people's programs agree that this is Modbus and MQTT.

use crate::{fleet, is_here, options, start};
use std::{net::Ipv4Addr, process::Output, time::Duration};
use tokio::process::Command;
use weir_devices::{
    BrokerAddress, Options,
    broker::Broker,
    plant::{Script, Signal},
};

async fn run(program: &str, arguments: &[&str]) -> Output {
    let running = Command::new(program).args(arguments).kill_on_drop(true).output();
    let ended = tokio::time::timeout(Duration::from_secs(20), running).await;
    ended.expect("it ends").expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The numbers that mbpoll prints, `[1]: \t0.61`.
fn numbers(output: &Output) -> Vec<f64> {
    let number = |line: &str| {
        let (_, value) = line.split_once("]:")?;
        value.split_whitespace().next()?.parse().ok()
    };
    text(&output.stdout).lines().filter_map(number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mbpoll_reads_over_tcp() {
    if !is_here("mbpoll") {
        return;
    }
    let (fleet, _) = fleet(Script::quiet(), options()).await;
    let port = fleet.addresses().plant_tcp.port().to_string();
    let poll =
        ["-m", "tcp", "-p", &port, "-a", "10", "-t", "4", "-r", "1", "-c", "3", "-1", "127.0.0.1"];
    let output = run("mbpoll", &poll).await;
    let read = numbers(&output);
    let truth = fleet.plant().look(|plant| {
        [Signal::Pool1FreeChlorine, Signal::Pool1CombinedChlorine, Signal::Pool1Ph]
            .map(|signal| plant.measure(signal).as_f64())
    });
    assert_eq!(read.len(), 3, "{}", text(&output.stdout));
    for (read, truth) in read.iter().zip(truth) {
        assert!((read / 100.0 - truth).abs() <= 0.006, "{read} {truth}");
    }
    // Beyond its map.
    let beyond = ["-m", "tcp", "-p", &port, "-a", "10", "-t", "4", "-r", "100", "-1", "127.0.0.1"];
    let output = run("mbpoll", &beyond).await;
    let said = text(&output.stderr) + &text(&output.stdout);
    assert!(said.contains("Illegal data address"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mbpoll_reads_the_serial_line() {
    if !is_here("mbpoll") {
        return;
    }
    let (fleet, _) = fleet(Script::quiet(), Options { baud: Some(9_600), ..options() }).await;
    let path = fleet.addresses().serial.clone().unwrap();
    let path = path.to_str().unwrap();
    let poll = [
        "-m", "rtu", "-b", "9600", "-P", "none", "-a", "3", "-t", "3:float", "-r", "1", "-c", "1",
        "-1", path,
    ];
    let output = run("mbpoll", &poll).await;
    let read = numbers(&output);
    let truth = fleet.plant().look(|plant| plant.measure(Signal::Trc1Chlorine).as_f64());
    assert_eq!(read.len(), 1, "{}{}", text(&output.stdout), text(&output.stderr));
    assert!((read[0] - truth).abs() < 0.01, "{} {truth}", read[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_sub_hears_the_cabinets_and_their_status() {
    if !is_here("mosquitto_sub") {
        return;
    }
    let broker = Broker::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let port = broker.address().port();
    let address = BrokerAddress { host: "127.0.0.1".into(), port };
    let publish_every = Duration::from_millis(200);
    let (fleet, _) =
        fleet(Script::quiet(), Options { broker: Some(address), publish_every, ..options() }).await;
    let port = port.to_string();
    let heard = run(
        "mosquitto_sub",
        &["-p", &port, "-t", "weir/v1/demo/cabinet-1/telemetry", "-q", "1", "-C", "2", "-W", "10"],
    )
    .await;
    let heard = text(&heard.stdout);
    assert!(heard.contains(r#""door_open":"#) && heard.contains(r#""seq":"#), "{heard}");
    assert!(heard.contains(&start().as_millis().to_string()), "{heard}");
    let status = run(
        "mosquitto_sub",
        &["-p", &port, "-t", "weir/v1/demo/+/status", "-C", "2", "-W", "10", "-v"],
    )
    .await;
    let mut lines: Vec<String> = text(&status.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(
        lines,
        ["weir/v1/demo/cabinet-1/status online", "weir/v1/demo/cabinet-2/status online"]
    );
    fleet.stop().await;
    // Nobody said good-bye: the will is done.
    let gone = run(
        "mosquitto_sub",
        &["-p", &port, "-t", "weir/v1/demo/cabinet-2/status", "-C", "1", "-W", "10"],
    )
    .await;
    assert_eq!(text(&gone.stdout).trim(), "offline");
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_keeps_a_session_and_speaks_every_qos() {
    if !is_here("mosquitto_sub") || !is_here("mosquitto_pub") {
        return;
    }
    let broker = Broker::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let port = broker.address().port().to_string();
    let subscribe = async |leave: &[&str]| {
        let common = ["-p", &port, "-i", "keeper", "-c", "-q", "1", "-t", "a/#", "-v"];
        let output = run("mosquitto_sub", &[&common, leave].concat()).await;
        text(&output.stdout)
    };
    // -E leaves as soon as the subscription stands.
    assert_eq!(subscribe(&["-E"]).await, "");
    for (qos, message) in [("0", "forgotten"), ("1", "once"), ("2", "twice")] {
        let publish = ["-p", &port, "-t", "a/余氯", "-q", qos, "-m", message];
        let sent = run("mosquitto_pub", &publish).await;
        assert!(sent.status.success(), "{}", text(&sent.stderr));
    }
    // It stays a second: one that leaves at the last message may take its acknowledgement along.
    assert_eq!(subscribe(&["-W", "1"]).await, "a/余氯 once\na/余氯 twice\n");
    assert_eq!(subscribe(&["-W", "1"]).await, "");
}
