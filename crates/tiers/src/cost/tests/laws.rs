use proptest::collection::vec;
use proptest::prelude::*;
use trace::units::Nanos;

use super::{price, total};
use crate::cost::{
    BandwidthPrice, Component, CpuPrice, MONTH, Peak, PurgePrice, RatePrice, StoragePrice,
    TierPrice, TimePrice, TrafficPrice, Usage, VolumePrice, bill,
};

/// Every line, at prices and with steps drawn at random.
fn any_price() -> impl Strategy<Value = TierPrice> {
    (vec(0u64..5000, 17), vec(1u64..2_000_000, 3), any::<u32>()).prop_map(|(cents, steps, kept)| {
        let dollars = |line: usize| format!("${}.{:02}", cents[line] / 100, cents[line] % 100);
        let stepped = |line: usize, unit: &str, next: &str| {
            let (first, rest) = (dollars(line), dollars((line + 5) % 17));
            format!(
                "[{{ next = {next}, price = \"{first}/{unit}\" }}, {{ price = \"{rest}/{unit}\" }}]"
            )
        };
        let bytes = format!("\"{}kB\"", steps[0]);
        let lines = [
            format!("fee = \"{}/month\"", dollars(0)),
            format!("memory = \"{}/GB/h\"", dollars(1)),
            format!(
                "nodes = {{ price = \"{}/h\", memory = \"{}kB\", usable = 0.7, \
                 lookups-per-second = 50, sized-by = \"p95\", least = \"7min\" }}",
                dollars(2),
                steps[1]
            ),
            format!("memory-used = {{ price = \"{}/GiB/h\", least = \"1MB\" }}", dollars(3)),
            format!("requests = {}", stepped(4, "10k", &steps[2].to_string())),
            format!("writes = \"{}/1M\"", dollars(5)),
            format!("processed = {{ price = \"{}/1M\", unit = \"1kB\" }}", dollars(6)),
            format!("egress = {}", stepped(7, "GB", &bytes)),
            format!("ingress = \"{}/GB\"", dollars(8)),
            format!("cross-zone = \"{}/GiB\"", dollars(9)),
            format!("migration = \"{}/GB\"", dollars(10)),
            format!("fetches = \"{}/10k\"", dollars(11)),
            format!("purges = {}", stepped(12, "path", &steps[2].to_string())),
            format!("compute = \"{}/cpu-h\"", dollars(13)),
            format!("peak-requests = {{ price = \"{}/request/s/month\" }}", dollars(14)),
            format!("peak-egress = {{ price = \"{}/Mbit/s/month\", of = \"p95\" }}", dollars(15)),
            format!("minimum = \"{}/day\"", dollars(16)),
        ];
        let kept = (0..17).filter(|line| kept >> line & 1 == 1).map(|line| lines[line].as_str());
        price(&kept.collect::<Vec<_>>().join("\n"))
    })
}

/// Anything but the span and the scale.
fn any_usage() -> impl Strategy<Value = Usage> {
    let counts = vec(0u64..10_000_000_000, 12);
    let nodes = vec(1u64..200_000_000_000_000, 0..4);
    let rates = vec(0.0f64..1e6, 5);
    (counts, nodes, rates).prop_map(|(counts, nodes, rates)| Usage {
        span: Nanos(86_400_000_000_000),
        scale: 1.0,
        provisioned_bytes: counts[0],
        used_byte_seconds: rates[0] * 1e8,
        n_nodes: counts[1] % 10,
        replicas: counts[1] % 3,
        part_time_nodes: nodes.into_iter().map(Nanos).collect(),
        lookups: counts[2],
        fills: counts[3],
        writes: counts[4],
        bytes_out: counts[5],
        bytes_in: counts[6],
        cross_zone_bytes: counts[7],
        origin_fetches: counts[8],
        purges: counts[9] % 10_000,
        cpu_ns: counts[10],
        peak_lookups_per_second: Peak { max: rates[1] + rates[2], p95: rates[1] },
        peak_bytes_per_second: Peak { max: rates[3] + rates[4], p95: rates[3] },
        migrated_bytes: counts[11],
    })
}

/// Both together, in the same span and at the same scale.
fn sum(a: &Usage, b: &Usage) -> Usage {
    let peaks = |a: Peak, b: Peak| Peak { max: a.max + b.max, p95: a.p95 + b.p95 };
    Usage {
        span: a.span,
        scale: a.scale,
        provisioned_bytes: a.provisioned_bytes + b.provisioned_bytes,
        used_byte_seconds: a.used_byte_seconds + b.used_byte_seconds,
        n_nodes: a.n_nodes + b.n_nodes,
        replicas: a.replicas + b.replicas,
        part_time_nodes: [a.part_time_nodes.as_slice(), &b.part_time_nodes].concat(),
        lookups: a.lookups + b.lookups,
        fills: a.fills + b.fills,
        writes: a.writes + b.writes,
        bytes_out: a.bytes_out + b.bytes_out,
        bytes_in: a.bytes_in + b.bytes_in,
        cross_zone_bytes: a.cross_zone_bytes + b.cross_zone_bytes,
        origin_fetches: a.origin_fetches + b.origin_fetches,
        purges: a.purges + b.purges,
        cpu_ns: a.cpu_ns + b.cpu_ns,
        peak_lookups_per_second: peaks(a.peak_lookups_per_second, b.peak_lookups_per_second),
        peak_bytes_per_second: peaks(a.peak_bytes_per_second, b.peak_bytes_per_second),
        migrated_bytes: a.migrated_bytes + b.migrated_bytes,
    }
}

/// Whether a line is paid whether there is traffic or not.
fn is_provisioned(component: Component) -> bool {
    use Component::{Fee, Memory, MemoryUsed, Minimum, Nodes};
    matches!(component, Fee | Memory | MemoryUsed | Minimum | Nodes)
}

proptest! {
    #[test]
    fn a_bill_has_the_lines_of_its_price_in_order(price in any_price(), usage in any_usage()) {
        let billed: Vec<_> = bill(&price, &usage).iter().map(|item| item.component).collect();
        let lines: Vec<_> = price.components().collect();
        prop_assert_eq!(billed, lines);
    }

    #[test]
    fn prices_are_written_as_they_are_read(price in any_price()) {
        let written = toml::to_string(&price).unwrap();
        prop_assert_eq!(toml::from_str::<TierPrice>(&written).unwrap(), price);
    }

    #[test]
    fn more_use_never_costs_less(price in any_price(), less in any_usage(), further in any_usage()) {
        let more = sum(&less, &further);
        let (little, much) = (bill(&price, &less), bill(&price, &more));
        prop_assert!(total(&much) >= total(&little));
        for (little, much) in little.iter().zip(&much) {
            let rises = much.month >= little.month;
            prop_assert!(rises || much.component == Component::Minimum, "{:?}", much.component);
        }
    }

    #[test]
    fn a_minimum_is_what_is_paid_for_less(price in any_price(), usage in any_usage()) {
        let free = TierPrice { minimum: None, ..price.clone() };
        let least = total(&bill(&TierPrice { minimum: price.minimum, ..TierPrice::default() }, &usage));
        prop_assert_eq!(total(&bill(&price, &usage)), total(&bill(&free, &usage)).max(least));
    }

    #[test]
    fn unused_tiers_cost_what_is_provisioned(price in any_price(), usage in any_usage()) {
        let idle = Usage {
            span: usage.span,
            provisioned_bytes: usage.provisioned_bytes,
            n_nodes: usage.n_nodes,
            replicas: usage.replicas,
            ..Usage::default()
        };
        for item in bill(&price, &idle) {
            prop_assert!(is_provisioned(item.component) || item.month.0 == 0, "{:?}", item);
        }
    }

    /// Of prices without steps; the factor keeps every amount below nine billion dollars.
    #[test]
    fn traffic_costs_are_in_proportion_to_scale(
        price in any_price(),
        usage in any_usage(),
        factor in 1.0f64..5.0,
    ) {
        let flat = TierPrice { requests: None, egress: None, purges: None, ..price };
        let scaled = bill(&flat, &Usage { scale: factor, ..usage.clone() });
        for (one, many) in bill(&flat, &usage).iter().zip(&scaled) {
            if !is_provisioned(one.component) {
                // Each is rounded to a nano-dollar, and to 16 digits.
                let expected = one.month.0 as f64 * factor;
                let slack = 1.0 + factor + expected * 1e-14;
                prop_assert!((many.month.0 as f64 - expected).abs() <= slack, "{:?}", many);
            }
        }
    }

    #[test]
    fn the_span_is_no_matter_if_the_rates_are_the_same(
        price in any_price(),
        usage in any_usage(),
        times in 2u64..30,
    ) {
        let mut longer = (1..times).fold(usage.clone(), |all, _| sum(&all, &usage));
        longer.span = Nanos(usage.span.0 * times);
        (longer.provisioned_bytes, longer.n_nodes) = (usage.provisioned_bytes, usage.n_nodes);
        longer.replicas = usage.replicas;
        longer.peak_lookups_per_second = usage.peak_lookups_per_second;
        longer.peak_bytes_per_second = usage.peak_bytes_per_second;
        for (short, long) in bill(&price, &usage).iter().zip(bill(&price, &longer)) {
            let difference = (short.month.0 - long.month.0).abs() as f64;
            prop_assert!(difference <= 20.0 + short.month.0 as f64 * 1e-12, "{short:?} {long:?}");
        }
    }

    #[test]
    fn whole_nodes_cost_no_less_than_parts_of_them(
        provisioned_bytes in 0u64..10_000_000_000_000,
        quarters in 1u64..5,
        gigabytes in 1u64..500,
        replicas in 0u64..3,
        minutes in vec(0u64..10_000, 0..5),
    ) {
        let usable = quarters as f64 / 4.0;
        let whole = price(&format!(
            "nodes = {{ price = \"$1/h\", memory = \"{gigabytes}GB\", usable = {usable} }}"
        ));
        let part_time_nodes = minutes.iter().map(|m| Nanos(m * 60_000_000_000)).collect();
        let usage =
            Usage { span: MONTH, provisioned_bytes, replicas, part_time_nodes, ..Usage::default() };
        let nodes = provisioned_bytes as f64 / (gigabytes as f64 * 1e9 * usable);
        let hours = nodes * (replicas + 1) as f64 * 720.0 + minutes.iter().sum::<u64>() as f64 / 60.0;
        prop_assert!(bill(&whole, &usage)[0].month.dollars() >= hours * (1.0 - 1e-12));
    }

    #[test]
    fn steps_cost_no_less_than_their_cheapest_and_no_more_than_their_dearest(
        usage in any_usage(),
        cents in (0u64..100, 0u64..100, 0u64..100),
        next in (1u64..400, 1u64..400),
    ) {
        let all = [cents.0, cents.1, cents.2];
        let flat = |cents: u64| price(&format!("egress = \"$0.{cents:02}/GB\""));
        let stepped = price(&format!(
            "egress = [{{ next = \"{}GB\", price = \"$0.{:02}/GB\" }}, \
             {{ next = \"{}GB\", price = \"$0.{:02}/GB\" }}, {{ price = \"$0.{:02}/GB\" }}]",
            next.0, cents.0, next.1, cents.1, cents.2,
        ));
        let cost = |price: &TierPrice| bill(price, &usage)[0].month.0;
        let slack = 2;
        prop_assert!(cost(&stepped) + slack >= cost(&flat(*all.iter().min().unwrap())));
        prop_assert!(cost(&stepped) <= cost(&flat(*all.iter().max().unwrap())) + slack);
    }
}

/// A price of any amount by any of its units is read as it is written.
macro_rules! round_trips {
    ($($test:ident: $price:ty;)*) => {
        proptest! {
            $(
                #[test]
                fn $test(nanos in 0..=i64::MAX, unit in 0..<$price>::UNITS.len()) {
                    let (whole, decimals) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
                    let written = format!("${whole}.{decimals:09}/{}", <$price>::UNITS[unit].0);
                    let price: $price = written.parse().unwrap();
                    prop_assert_eq!(price.to_string().parse::<$price>().unwrap(), price);
                    let one_unit = price.cost(<$price>::UNITS[unit].1 as f64);
                    prop_assert_eq!(one_unit, nanos as f64);
                }
            )*
        }
    };
}

round_trips! {
    storage_prices_round_trip: StoragePrice;
    time_prices_round_trip: TimePrice;
    traffic_prices_round_trip: TrafficPrice;
    volume_prices_round_trip: VolumePrice;
    purge_prices_round_trip: PurgePrice;
    cpu_prices_round_trip: CpuPrice;
    rate_prices_round_trip: RatePrice;
    bandwidth_prices_round_trip: BandwidthPrice;
}
