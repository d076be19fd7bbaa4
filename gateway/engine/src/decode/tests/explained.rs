//! What a person is shown who connects an instrument.

use super::*;

#[test]
fn every_order_is_explained() {
    let mut def = def(DataType::F32, WordOrder::Cdab);
    def.range = Some((0.0, 14.0));
    let answer = Answer::Registers(vec![0x3333, 0x40E3]);
    let explanation = explain(&def, &request(10, 2), &answer);
    assert_eq!(explanation.raw, "3333 40E3");
    let fits: Vec<_> = explanation.orders.iter().filter(|c| c.in_range).collect();
    let right = fits.iter().find(|c| c.order == "cdab").expect("the right order fits");
    assert_eq!((right.value, right.chosen, explanation.orders.len()), (Some(7.1), true, 4));

    let nan = explain(&def, &request(10, 2), &Answer::Registers(vec![0, 0x7FC0]));
    assert_eq!((nan.orders[1].value, nan.orders[1].in_range), (None, false));

    register(&mut def).data_type = DataType::U16;
    let single = explain(&def, &request(10, 1), &Answer::Registers(vec![0x0100]));
    let orders: Vec<_> =
        single.orders.iter().map(|c| (c.order.as_str(), c.value, c.chosen)).collect();
    assert_eq!(orders, [("abcd", Some(256.0), true), ("badc", Some(1.0), false)]);
    assert!(explain(&def, &request(10, 1), &Answer::Registers(vec![])).orders.is_empty());
}

#[test]
fn the_order_that_alone_fits_is_suggested() {
    let mut def = def(DataType::F32, WordOrder::Abcd);
    def.range = Some((6.0, 8.0));
    let explained = |def: &PointDef, registers: &[u16]| {
        let request = request(10, registers.len().try_into().unwrap());
        explain(def, &request, &Answer::Registers(registers.to_vec())).suggestion
    };
    let suggested = Some("order = \"cdab\" fits the range".to_owned());
    assert_eq!(explained(&def, &[0x3333, 0x40E3]), suggested);
    assert_eq!(explained(&def, &[0x40E3, 0x3333]), None, "the profile's order fits");
    assert_eq!(explained(&def, &[0, 0]), None, "no order fits");
    assert_eq!(explained(&def, &[0x40E3, 0x40E3]), None, "the profile's order fits");
    // Two other orders fit: 7.1 with its words swapped, and nearly so with its bytes swapped too.
    assert_eq!(explained(&def, &[0xE340, 0x40E3]), None);
    register(&mut def).sentinels = vec![0x3333_40E3];
    assert_eq!(explained(&def, &[0x3333, 0x40E3]), None, "the instrument measures nothing");
    register(&mut def).sentinels.clear();
    def.range = None;
    assert_eq!(explained(&def, &[0x3333, 0x40E3]), None, "any number fits");

    let name = Text { zh: String::new(), en: String::new() };
    let state = |value, word: &str| State { value, name: name.clone(), word: Some(word.into()) };
    def.states = vec![state(0.0, "IDLE"), state(1.0, "STER")];
    register(&mut def).data_type = DataType::Text(2);
    let swapped = [0x4449, 0x454C];
    let suggested = Some("order = \"badc\" is one of the states".to_owned());
    assert_eq!(explained(&def, &swapped), suggested);
    let request = request(10, 2);
    let explanation = explain(&def, &request, &Answer::Registers(swapped.to_vec()));
    let texts: Vec<_> = explanation.orders.iter().map(|c| c.text.as_deref()).collect();
    assert_eq!(texts, [Some("DIEL"), Some("IDLE")]);
}

#[test]
fn of_64_bits_the_orders_that_instruments_have_are_shown_and_the_profile_s() {
    let orders = |order| {
        let explanation = explain(
            &def(DataType::U64, order),
            &request(10, 4),
            &Answer::Registers(vec![0, 1, 2, 3]),
        );
        let chosen: Vec<_> = explanation.orders.iter().filter(|c| c.chosen).collect();
        assert_eq!(chosen.len(), 1, "{order}");
        explanation.orders.iter().map(|c| c.order.clone()).collect::<Vec<_>>()
    };
    let usual = ["abcd", "cdab", "badc", "dcba", "efghabcd", "cdabghef", "fehgbadc", "dcbahgfe"];
    assert_eq!(orders(WordOrder::Cdab), usual);
    assert_eq!(orders(WordOrder::of_eight("efghabcd").unwrap()), usual);
    let other = orders(WordOrder::of_eight("cdefghab").unwrap());
    assert_eq!((other.len(), other[8].as_str()), (9, "cdefghab"));
}

#[test]
fn what_a_device_says_of_itself_is_text() {
    let info = |data_type: DataType, registers: &[u16], sentinels: &[i64], scale: f64| {
        let mut def = def(data_type, WordOrder::Abcd);
        let source = register(&mut def);
        (source.sentinels, source.scale) = (sentinels.to_vec(), scale);
        let request = request(10, registers.len().try_into().unwrap());
        decode_info(source, &request, &Answer::Registers(registers.to_vec()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(info(DataType::Text(3), &[0x534E, 0x2D31, 0x3700], &[], 1.0), some("SN-17"));
    assert_eq!(info(DataType::Text(2), &[0x1B5B, 0x3241], &[], 1.0), some("[2A"), "no commands");
    assert_eq!(info(DataType::Text(2), &[0x2020, 0], &[], 1.0), None);
    assert_eq!(info(DataType::Text(2), &[0x41FF, 0], &[], 1.0), some("A\u{FFFD}"));
    assert_eq!(info(DataType::U64, &[0xFFFF; 4], &[], 1.0), some("18446744073709551615"));
    assert_eq!(info(DataType::U64, &[0xFFFF; 4], &[-1], 1.0), None);
    assert_eq!(info(DataType::I64, &[0x8000, 0, 0, 0], &[], 1.0), some("-9223372036854775808"));
    assert_eq!(info(DataType::U16, &[104], &[], 0.01), some("1.04"));
    assert_eq!(info(DataType::F32, &[0x40E3, 0x3333], &[], 1.0), some("7.1"));
    assert_eq!(info(DataType::F32, &[0x7FC0, 0], &[], 1.0), None);
    assert_eq!(info(DataType::Bcd16, &[0x2024], &[], 1.0), some("2024"));
    assert_eq!(info(DataType::U32, &[1], &[], 1.0), None, "too short");
}
