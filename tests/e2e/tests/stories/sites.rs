//! Site files of the stories.

/// A site with the given links, devices and whatever else.
pub(super) fn site(rest: &str) -> String {
    format!(
        r#"
[site]
id = "rig"
name = {{ zh = "试验场", en = "Test rig" }}
time_zone = "Asia/Shanghai"

[storage]
commit_interval_ms = 100

[[area]]
id = "effluent"
kind = "hospital_wastewater"
class = "general_direct"
packs = ["gb18466-2005"]

[[area]]
id = "lodging"
kind = "lodging"
packs = ["lodging-cups"]

[[area]]
id = "radiology"
kind = "radiation"
class = "ct"
packs = ["gbz130-2020"]
{rest}"#
    )
}

/// A chlorine analyser (unit 3) and a pH meter (unit 5) on the link `line`.
pub(super) const ANALYSERS: &str = r#"
[[device]]
id = "trc-1"
profile = "generic-residual-chlorine"
link = "line"
unit_id = 3
area = "effluent"
role = "contact_tank_outlet"
scan_interval_ms = 500

[[device]]
id = "ph-1"
profile = "generic-ph"
link = "line"
unit_id = 5
area = "effluent"
role = "final_outfall"
scan_interval_ms = 500
"#;

/// A Modbus TCP link.
pub(super) fn tcp(port: u16) -> String {
    format!(
        "\n[[link]]\nid = \"line\"\ntimeout_ms = 400\ntransport = {{ modbus_tcp = {{ host = \"127.0.0.1\", port = {port} }} }}\n"
    )
}

/// A Modbus RTU link.
pub(super) fn rtu(path: &str) -> String {
    format!(
        "\n[[link]]\nid = \"line\"\ntimeout_ms = 400\ntransport = {{ modbus_rtu = {{ port = \"{path}\", baud = 9600 }} }}\n"
    )
}

/// A broker, and two cabinets that publish through it.
pub(super) fn cabinets(port: u16) -> String {
    let mut text = format!(
        "\n[[link]]\nid = \"broker\"\ntransport = {{ mqtt = {{ host = \"127.0.0.1\", port = {port} }} }}\n"
    );
    for device in ["cabinet-1", "cabinet-2"] {
        text.push_str(&format!(
            "\n[[device]]\nid = \"{device}\"\nprofile = \"generic-disinfection-cabinet\"\nlink = \"broker\"\narea = \"lodging\"\nrole = \"cup_disinfection\"\nscan_interval_ms = 1000\n"
        ));
    }
    text
}
