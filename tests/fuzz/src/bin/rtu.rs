//! Frames of a serial line, as a client and as a server reads them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wire::modbus::{
    Answer, Function, Request, encode_bits, encode_registers, parse_request, parse_response,
    rtu::{self, FrameLen},
};

fuzz_target!(|bytes: &[u8]| {
    let lengths = (rtu::request_len(bytes), rtu::response_len(bytes));
    if let (FrameLen::Known(request), FrameLen::Known(response)) = lengths {
        assert!(request > 0 && response > 0);
    }
    let Ok((unit, pdu)) = rtu::unframe(bytes) else { return };
    assert_eq!(rtu::frame(unit, pdu), bytes, "a frame is what makes it");
    if let Ok(request) = parse_request(pdu) {
        assert_eq!(request.encode(), pdu, "a request is what makes it");
    }
    for function in [
        Function::ReadCoils,
        Function::ReadDiscreteInputs,
        Function::ReadHoldingRegisters,
        Function::ReadInputRegisters,
    ] {
        for count in [1, 2, 8, 16, 125] {
            let asked = Request::new(function, 0, count).expect("within the limits");
            match parse_response(asked, pdu) {
                Ok(Answer::Registers(registers)) => {
                    assert_eq!(registers.len(), usize::from(count));
                    assert_eq!(encode_registers(function, &registers), pdu);
                }
                Ok(Answer::Bits(bits)) => {
                    assert_eq!(bits.len(), usize::from(count));
                    // Bits beyond the count may be anything.
                    assert_eq!(encode_bits(function, &bits).len(), pdu.len());
                }
                Err(_) => {}
            }
        }
    }
});
