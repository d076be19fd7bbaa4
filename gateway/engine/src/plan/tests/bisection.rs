//! Cutting what was refused finds exactly the values that are refused, and delivers the others.

use super::*;
use RegisterKind::HoldingRegister as H;

/// A device that refuses a request if one of these addresses is in it.
struct Device<'a> {
    refuses: &'a [AddressRange],
    asked: usize,
}

impl Device<'_> {
    fn refuses(&mut self, request: &ReadRequest) -> bool {
        self.asked += 1;
        meets(self.refuses, request.kind, &asked(request))
    }
}

/// Asks, and cuts what is refused, to the end: what was delivered, and what is refused.
fn settle(
    profile: &Profile,
    request: ReadRequest,
    device: &mut Device<'_>,
) -> (Vec<usize>, Vec<AddressRange>) {
    let (mut delivered, mut refused, mut open) = (Vec::new(), Vec::new(), vec![request]);
    while let Some(request) = open.pop() {
        if !device.refuses(&request) {
            delivered.extend(request.points);
            continue;
        }
        match bisect(profile, &request) {
            Bisection::Single(range) => refused.push(range),
            Bisection::Halves(left, right) => open.extend([left, right]),
        }
    }
    (delivered, refused)
}

#[test]
fn a_hole_goes_first() {
    let places = [0, 1, 2, 3, 8, 9].map(|at| (H, at, DataType::U16));
    let profile = profile(ModbusAccess::default(), &places);
    let whole = plan(&profile, ANY, &[]).remove(0);
    assert_eq!((whole.start.0, whole.count), (0, 10));
    let Bisection::Halves(left, right) = bisect(&profile, &whole) else { panic!() };
    assert_eq!((left.start.0, left.count, &left.points[..]), (0, 4, &[0, 1, 2, 3][..]));
    assert_eq!((right.start.0, right.count, &right.points[..]), (8, 2, &[4, 5][..]));
    let Bisection::Halves(left, _) = bisect(&profile, &left) else { panic!() };
    assert_eq!((left.start.0, left.count), (0, 2), "in the middle");
    let single = ReadRequest { kind: H, start: RegisterAddress(8), count: 1, points: vec![4] };
    assert_eq!(bisect(&profile, &single), Bisection::Single(range(H, 8, 8)));
    assert_eq!(bisect_info(&profile, &single), Bisection::Single(range(H, 8, 8)));
}

#[test]
fn bits_of_one_register_are_one_value() {
    let places = [(H, 8, DataType::Bit(1)), (H, 8, DataType::Bit(2))];
    let profile = profile(ModbusAccess::default(), &places);
    let request = plan(&profile, ANY, &[]).remove(0);
    assert_eq!(bisect(&profile, &request), Bisection::Single(range(H, 8, 8)));
}

#[test]
fn a_foreign_request_does_no_harm() {
    let profile = profile(ModbusAccess::default(), &[(H, 8, DataType::U16)]);
    let foreign =
        ReadRequest { kind: H, start: RegisterAddress(65_535), count: 9, points: vec![7] };
    assert_eq!(bisect(&profile, &foreign), Bisection::Single(range(H, 65_535, 65_535)));
}

proptest! {
    #[test]
    fn exactly_what_is_refused_is_found(
        places in places(), access in accesses(), timing in timings(), refuses in ranges(),
    ) {
        let profile = profile(access, &places);
        let mut settled = (Vec::new(), Vec::new());
        let requests = plan(&profile, timing, &[]);
        for request in &requests {
            let mut device = Device { refuses: &refuses, asked: 0 };
            let (delivered, refused) = settle(&profile, request.clone(), &mut device);
            prop_assert!(device.asked < 2 * request.points.len().max(1));
            settled.0.extend(delivered);
            settled.1.extend(refused);
        }
        settled.0.sort_unstable();

        // What may be asked for after that is what each value asked for alone would bring.
        let mut alone: Vec<usize> = Vec::new();
        let from_zero = |kind| matches!(&profile.access, Access::Modbus(a) if a.bits_from_zero) && reads_bits(kind);
        for index in requests.iter().flat_map(|request| &request.points) {
            let (kind, address, _) = places[*index];
            let mut asked = cells(places[*index]);
            if from_zero(kind) {
                asked.extend(0..u32::from(address));
            }
            if !meets(&refuses, kind, &asked) {
                alone.push(*index);
            }
        }
        alone.sort_unstable();
        prop_assert_eq!(&settled.0, &alone);

        // And a plan that leaves out what was refused has all of it, whole.
        let mut next: Vec<usize> =
            plan(&profile, timing, &settled.1).into_iter().flat_map(|r| r.points).collect();
        next.sort_unstable();
        next.retain(|index| alone.contains(index));
        let reachable = |index: &usize| !from_zero(places[*index].0);
        next.retain(reachable);
        alone.retain(reachable);
        prop_assert_eq!(next, alone.into_iter().filter(|index| {
            !meets(&settled.1, places[*index].0, &cells(places[*index]))
        }).collect::<Vec<_>>());
    }
}
