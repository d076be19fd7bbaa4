//! Where a value stands and how it is read: every fault of `register`, and what comes of a good one.

use super::*;
use crate::{Half, RegisterAddress, RegisterSource};
use core::time::Duration;

fn source(register: &str) -> RegisterSource {
    let profile = Profile::parse(&with_register(register)).unwrap_or_else(|e| panic!("{e}"));
    let Source::Register(source) = &profile.points[0].source else { panic!("{register}") };
    source.clone()
}

#[test]
fn registers_are_checked() {
    for (register, expected) in [
        (r#"table = "coil", address = 3, type = "u16""#, "one bit: it has no `type`"),
        (r#"table = "discrete", address = 3, bit = 1"#, "one bit: it has no `bit`"),
        (r#"table = "discrete", address = 3, scale = 2"#, "a single bit has no `scale`"),
        (
            r#"table = "input", address = 3"#,
            "missing key `type` (for one bit of the register write `bit`, for several `bits`)",
        ),
        (r#"table = "input", address = 3, type = "u16", bit = 1"#, "either `type`"),
        (r#"table = "input", address = 3, bit = 16"#, "16 is not between 0 and 15"),
        (
            r#"table = "input", address = 3, type = "float""#,
            "unknown type \"float\" (use one of: u8, ",
        ),
        (r#"table = "input", address = 65535, type = "f32""#, "beyond the last address"),
        (r#"table = "input", address = -1, type = "f32""#, "-1 is not between"),
        (r#"table = "input", address = 0, type = "u16", order = "cdab""#, "no words to swap"),
        (r#"table = "input", address = 0, type = "f32", order = "cbad""#, "(use one of: abcd, "),
        (r#"table = "input", address = 0, type = "f32", scale = 0"#, "makes every value 0"),
        (r#"table = "input", address = 0, type = "f32", scale = inf"#, "must be a finite number"),
        (
            r#"table = "input", address = 0, type = "i16", sentinels = [65535]"#,
            "read as signed it is -1",
        ),
        (r#"table = "input", address = 0, type = "u16", sentinels = [-1]"#, "between 0 and 65535"),
        (r#"table = "input", address = 0, type = "u16", sentinels = 3"#, "expected a list"),
        (r#"table = "input", address = 3, type = "u8""#, "missing key `byte` (a register has two"),
        (r#"table = "input", address = 3, type = "u16", byte = "low""#, "has no `byte`"),
        (
            r#"table = "input", address = 3, type = "i8", byte = "low", order = "badc""#,
            "no `order`",
        ),
        (r#"table = "input", address = 3, type = "u16", registers = 2"#, "has no `registers`"),
        (r#"table = "input", address = 3, type = "f32", bits = [0, 3]"#, "of an unsigned number"),
        (r#"table = "input", address = 3, bits = [4, 16]"#, "of 0 to 15 (as in [4, 7]"),
        (r#"table = "input", address = 3, type = "u32", bits = [4, 32]"#, "of 0 to 31"),
        (r#"table = "input", address = 3, bits = [4, 4]"#, "for a single one write `bit`"),
        (r#"table = "input", address = 3, bits = [7, 4]"#, "a lowest and a highest"),
        (r#"table = "input", address = 3, bits = [7]"#, "a lowest and a highest"),
        (r#"table = "input", address = 3, bit = 1, bits = [4, 5]"#, "either `bit`, for one"),
        (r#"table = "input", address = 3, bits = [4, 5], byte = "low""#, "bits has no `byte`"),
        (r#"table = "input", address = 3, type = "u32", order = "efghabcd""#, "of 64 bits"),
        (r#"table = "input", address = 3, type = "u64", order = "eefghabc""#, "or eight letters"),
        (r#"table = "input", address = 3, type = "u16", sentinels = [0x10000]"#, "0 and 65535"),
        (r#"table = "input", address = 3, type = "bcd16", sentinels = [10000]"#, "0 and 9999"),
        (r#"table = "input", address = 3, type = "f32", sentinels = [20000000]"#, "16777216"),
        (r#"table = "input", address = 99999999999999999999, type = "u16""#, "too large"),
    ] {
        let found = faults(&with_register(register));
        assert_eq!(found.len(), 1, "{register}: {found:?}");
        assert!(found[0].contains(expected), "{register}: {found:?}");
    }
}

#[test]
fn two_points_share_no_place_but_a_register_may_be_read_bit_by_bit() {
    let two = |first: &str, second: &str| {
        let point = |id: &str, register: &str| {
            let point = POINT.replace("id = \"a\"", &format!("id = \"{id}\""));
            format!("{point}register = {{ table = \"holding\", {register} }}\n")
        };
        faults(&format!("{HEAD}{}{}", point("a", first), point("b", second)))
    };
    let clash =
        ["17:12 point[1].register: another point is read from the same place (see line 11)"];
    assert_eq!(two("address = 4, type = \"f32\"", "address = 5, type = \"u16\""), clash);
    assert_eq!(two("address = 4, bit = 2", "address = 4, bit = 2"), clash);
    let byte = |half: &str| format!("address = 4, type = \"u8\", byte = \"{half}\"");
    assert_eq!(two(&byte("low"), &byte("low")), clash);
    assert!(two(&byte("low"), &byte("high")).is_empty());
    assert_eq!(two("address = 4, bits = [0, 3]", "address = 4, bits = [3, 5]"), clash);
    for (first, second) in [
        ("address = 4, bits = [0, 3]", "address = 4, bits = [4, 5]"),
        ("address = 4, bits = [0, 3]", "address = 4, bit = 2"),
        ("address = 4, bits = [0, 3]", "address = 4, type = \"u16\""),
        ("address = 4, bit = 2", "address = 4, bit = 3"),
        ("address = 4, bit = 2", "address = 4, type = \"u16\""),
        ("address = 4, type = \"f32\"", "address = 6, type = \"u16\""),
    ] {
        assert!(two(first, second).is_empty(), "{first} {second}");
    }
}

#[test]
fn every_type_and_order_is_read() {
    let typed = |rest: &str| source(&format!("table = \"input\", address = 3, {rest}")).data_type;
    for (rest, data_type) in [
        ("type = \"u8\", byte = \"high\"", DataType::U8(Half::High)),
        ("type = \"i8\", byte = \"low\"", DataType::I8(Half::Low)),
        ("type = \"u64\"", DataType::U64),
        ("type = \"i64\"", DataType::I64),
        ("type = \"f16\"", DataType::F16),
        ("type = \"bcd16\"", DataType::Bcd16),
        ("type = \"bcd32\"", DataType::Bcd32),
        ("type = \"bcd64\"", DataType::Bcd64),
        ("bits = [4, 7]", DataType::Bits { low: 4, high: 7, registers: 1 }),
        ("type = \"u16\", bits = [0, 15]", DataType::Bits { low: 0, high: 15, registers: 1 }),
        ("type = \"u32\", bits = [8, 31]", DataType::Bits { low: 8, high: 31, registers: 2 }),
    ] {
        assert_eq!(typed(rest), data_type, "{rest}");
    }
    let order = |order: &str| {
        source(&format!("table = \"input\", address = 3, type = \"u64\", order = \"{order}\""))
            .order
    };
    assert_eq!(order("ghefcdab"), WordOrder::Cdab);
    assert_eq!(order("efghabcd"), WordOrder::Words { words: [2, 3, 0, 1], swapped: false });
    assert_eq!(order("badcfehg"), WordOrder::Badc);
}

#[test]
fn sentinels_are_numbers_or_in_hexadecimal_bits() {
    let sentinels =
        |rest: &str| source(&format!("table = \"input\", address = 3, type = {rest}")).sentinels;
    assert_eq!(
        sentinels("\"i16\", sentinels = [0x8000, -32768, 0x7FFF, -1]"),
        [-32768, -32768, 32767, -1]
    );
    assert_eq!(sentinels("\"u16\", sentinels = [0xFFFF, 65535]"), [65535, 65535]);
    assert_eq!(sentinels("\"u64\", sentinels = [0xFFFFFFFFFFFFFFFF]"), [-1], "the same bits");
    assert_eq!(sentinels("\"i64\", sentinels = [0x8000000000000000]"), [i64::MIN]);
    assert_eq!(sentinels("\"f32\", sentinels = [-9999, 0xC61C3C00]"), [-9999, 0xC61C_3C00]);
    assert_eq!(sentinels("\"i8\", byte = \"low\", sentinels = [0xFF]"), [-1]);
}

#[test]
fn a_text_has_states_with_words_unless_it_is_information() {
    let text = "table = \"input\", address = 3, type = \"text\", registers = 2";
    let needs =
        "11:12 point[0].register: a point that is a text needs `states`, each with its `word`";
    assert!(
        faults(&with_register(text))[0].starts_with(needs),
        "{:?}",
        faults(&with_register(text))
    );
    let state = |value: i32, word: &str| format!("{{ value = {value}, name = \"S\"{word} }}");
    let with = |states: &str| faults(&format!("{}states = [{states}]\n", with_register(text)));
    let (idle, run) = (state(0, ", word = \"IDLE\""), state(1, ", word = \"RUN\""));
    assert!(with(&format!("{idle}, {run}")).is_empty());
    assert_eq!(with(&format!("{idle}, {}", state(1, ""))).len(), 1);
    assert!(with(&state(0, ", word = \"STERILISING\""))[0].contains("room for 4 bytes"));
    assert!(with(&format!("{idle}, {idle}"))[0].contains("a second state with the value 0"));
    let same = format!("{idle}, {}", state(1, ", word = \"IDLE \""));
    assert!(with(&same)[0].contains("a second state with the word \"IDLE\""));
    assert!(with("")[0].contains("0 states"));

    let info = format!(
        "{}[[info]]\nid = \"serial\"\nname = \"Serial\"\nregister = {{ {text}, order = \"badc\" }}\n",
        with_register("table = \"input\", address = 0, type = \"u16\"")
    );
    let profile = Profile::parse(&info).unwrap();
    assert_eq!(profile.info[0].source.data_type, DataType::Text(2));
    let twice = format!("{info}{}", info.split_at(info.find("[[info]]").unwrap()).1);
    assert!(
        faults(&twice)[0]
            .contains("a second [[info]] with the id \"serial\" (the first is on line 13)")
    );
    let turned = info.replace("badc", "cdab");
    assert!(faults(&turned)[0].contains("the registers of a text are in their order"));
}

#[test]
fn manuals_that_count_from_1_are_taken_at_their_word() {
    let head = HEAD.replace(
        "{}",
        "{ base = 1, forbidden = [{ table = \"holding\", first = 40, last = 43 }] }",
    );
    let with = |address: u32| {
        format!(
            "{head}{POINT}register = {{ table = \"holding\", address = {address}, type = \"u32\" }}\n"
        )
    };
    let profile = Profile::parse(&with(38)).unwrap();
    let Source::Register(source) = &profile.points[0].source else { panic!() };
    assert_eq!(source.address, RegisterAddress(37));
    let Access::Modbus(access) = &profile.access else { panic!() };
    assert_eq!((access.forbidden[0].first.0, access.forbidden[0].last.0), (39, 42));
    assert!(Profile::parse(&with(65_535)).is_ok(), "the last two registers");
    assert!(faults(&with(0))[0].contains("0 is not between 1 and 65536"));
    for address in [39, 43] {
        assert!(faults(&with(address))[0].contains("forbidden by the profile itself"), "{address}");
    }
    let turned = with(1).replace("last = 43", "last = 39");
    assert!(faults(&turned)[0].contains("a range is from its first to its last address"));
}

#[test]
fn quirks_are_read() {
    let head = HEAD.replace(
        "{}",
        "{ connect_delay_ms = 500, turnaround_ms = 30, request_gap_ms = 7, hole_max = 0, \
         any_answer_unit = true, one_by_one = true, bits_from_zero = true, close_after_scan = true }",
    );
    let point = |at| format!("{POINT}register = {{ table = \"coil\", address = {at} }}\n");
    let profile = Profile::parse(&format!("{head}{}", point(1999))).unwrap();
    let Access::Modbus(access) = &profile.access else { panic!() };
    let milliseconds = Duration::from_millis;
    assert_eq!((access.connect_delay, access.turnaround), (milliseconds(500), milliseconds(30)));
    assert_eq!((access.request_gap, access.hole_max), (milliseconds(7), Some(0)));
    assert!(access.any_answer_unit && access.one_by_one);
    assert!(access.bits_from_zero && access.close_after_scan);
    assert!(faults(&format!("{head}{}", point(2000)))[0].contains("starts at bit 0"));
    let wrong = HEAD.replace("{}", "{ one_by_one = 1, forbidden = 3, base = 2 }");
    let found = faults(&format!("{wrong}{}", point(3)));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("expected true or false, found a whole number"));
}
