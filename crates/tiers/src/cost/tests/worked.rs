use trace::units::Nanos;

use super::books::tier;
use super::{price, total};
use crate::cost::{Component, MONTH, NanoDollars, Peak, TierPrice, Usage, bill};

const HOUR: Nanos = Nanos(3_600_000_000_000);

/// What is used in a whole month, unless the test says otherwise.
fn month() -> Usage {
    Usage { span: MONTH, ..Usage::default() }
}

/// The items of a bill, as people read them.
fn read(price: &TierPrice, usage: &Usage) -> Vec<(&'static str, String)> {
    bill(price, usage).iter().map(|item| (item.component.name(), item.month.to_string())).collect()
}

fn dollars(amount: &str) -> String {
    format!("${amount}")
}

#[test]
fn the_briefs_redis_costs_1152_dollars_a_month() {
    // 32 GB x $0.05 x 720 h = $1,152, with traffic or without, and more than the $1,000 that the brief
    // allows for the whole stack.
    let usage = Usage { provisioned_bytes: 32_000_000_000, ..Usage::default() };
    let items = bill(&tier("brief", "L2"), &usage);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].component, Component::Memory);
    assert_eq!(items[0].month, NanoDollars(1_152_000_000_000));
    assert_eq!(items[0].month.to_string(), "$1,152.00");
}

#[test]
fn rates_are_carried_to_a_month() {
    // A million lookups and 2 GB in an hour, 720 hours: 720 x $0.40 and 1,440 GB x $0.09.
    let usage =
        Usage { span: HOUR, lookups: 1_000_000, bytes_out: 2_000_000_000, ..Usage::default() };
    let items = read(&tier("brief", "origin"), &usage);
    assert_eq!(items, [("requests", dollars("288.00")), ("egress", dollars("129.60"))]);
}

#[test]
fn without_a_span_there_are_no_rates() {
    let price = price(
        "memory = \"$0.05/GB/h\"\nrequests = \"$1/1M\"\nminimum = \"$50/month\"\nfee = \"$1/h\"",
    );
    let usage = Usage { provisioned_bytes: 1_000_000_000, lookups: 5, ..Usage::default() };
    // $1 x 720 h, and 1 GB x $0.05 x 720 h; the minimum is reached.
    let expected =
        [("fee", dollars("720.00")), ("memory", dollars("36.00")), ("minimum", dollars("0.00"))];
    assert_eq!(read(&price, &usage), expected);
}

#[test]
fn cloudfront_across_two_boundaries() {
    // A day of 2 TB is a month of 60 TB: 10 TB x $85 + 40 TB x $80 + 10 TB x $60 = $4,650. It answers
    // with 100 kB on average: 20 million requests a day, 600 million a month, x $0.01 / 10,000 = $600.
    let usage = Usage {
        span: Nanos(24 * HOUR.0),
        lookups: 20_000_000,
        bytes_out: 2_000_000_000_000,
        ..Usage::default()
    };
    let expected = [
        ("requests", dollars("600.00")),
        ("egress", dollars("4,650.00")),
        ("purges", dollars("0.00")),
    ];
    assert_eq!(read(&tier("aws", "L3"), &usage), expected);
}

#[test]
fn cloudfront_invalidations_beyond_the_quota() {
    // The vendor's own example (CloudFront's developer guide, Pay for file invalidation): of 1,800 paths
    // in a month, 800 are paid for. 800 x $0.005 = $4.
    let purges = |purges| {
        let items = bill(&tier("aws", "L3"), &Usage { purges, ..month() });
        items.iter().find(|item| item.component == Component::Purges).unwrap().month.to_string()
    };
    assert_eq!(purges(1_800), "$4.00");
    assert_eq!(purges(1_000), "$0.00");
    assert_eq!(purges(1_001), "$5.00e-3");
}

#[test]
fn fastly_bills_fifty_dollars_for_less() {
    // The vendor's own example (About the charges on your bill): 10 GB over 10 million requests are
    // $8.70, so $50 are billed. 10 x $0.12 = $1.20; 10,000,000 / 10,000 x $0.0075 = $7.50.
    let usage = Usage { lookups: 10_000_000, bytes_out: 10_000_000_000, ..month() };
    let expected =
        [("requests", dollars("7.50")), ("egress", dollars("1.20")), ("minimum", dollars("41.30"))];
    let fastly = tier("fastly", "L3");
    assert_eq!(read(&fastly, &usage), expected);
    assert_eq!(total(&bill(&fastly, &usage)).to_string(), "$50.00");
    // A hundred times the traffic is $870, and the minimum is no matter.
    let busy = Usage { scale: 100.0, ..usage };
    assert_eq!(total(&bill(&fastly, &busy)).to_string(), "$870.00");
}

#[test]
fn serverless_memory_has_a_minimum() {
    // Half a GB in use for an hour is below the minimum of 1 GB: 1 GB x $0.125 x 720 h = $90.
    let gb_hour = 1e9 * 3600.0;
    let redis = |used_byte_seconds| {
        let usage = Usage { span: HOUR, used_byte_seconds, ..Usage::default() };
        bill(&tier("aws", "L2"), &usage)[0].month.to_string()
    };
    assert_eq!(redis(0.0), "$90.00");
    assert_eq!(redis(0.5 * gb_hour), "$90.00");
    // 3 GB on average: $270.
    assert_eq!(redis(3.0 * gb_hour), "$270.00");
    // Valkey bills 100 MB at the least: 0.1 GB x $0.084 x 720 h = $6.048.
    let valkey = bill(&tier("aws", "elasticache-valkey"), &month());
    assert_eq!(valkey[0].month, NanoDollars(6_048_000_000));
    // One recorded request stands for ten: 0.3 GB in the simulation are 3 GB.
    let usage =
        Usage { span: HOUR, scale: 10.0, used_byte_seconds: 0.3 * gb_hour, ..Usage::default() };
    assert_eq!(bill(&tier("aws", "L2"), &usage)[0].month.to_string(), "$270.00");
}

#[test]
fn serverless_requests_are_billed_by_size() {
    let processed = |usage: &Usage| bill(&tier("aws", "L2"), usage)[1].month;
    // A billion reads of 3.2 kB, 3.2 units each: 3,200 million x $0.0034 / million = $10.88.
    let large = Usage { lookups: 1_000_000_000, bytes_out: 3_200_000_000_000, ..month() };
    assert_eq!(processed(&large), NanoDollars(10_880_000_000));
    // A billion requests of 100 bytes, a fifth of them fills and writes, are a unit each: $3.40.
    let small = Usage {
        lookups: 800_000_000,
        fills: 150_000_000,
        writes: 50_000_000,
        bytes_out: 80_000_000_000,
        bytes_in: 20_000_000_000,
        ..month()
    };
    assert_eq!(processed(&small), NanoDollars(3_400_000_000));
}

#[test]
fn nodes_come_whole_and_replicas_are_nodes() {
    // A cache.r7g.large has 13.07 GiB = 14,033,805,640 bytes, and three quarters of it hold objects:
    // 10,525,354,230. 32 GB need 3.04 of these, so 4, with a replica each 8:
    // 8 x $0.219 x 720 h = $1,261.44.
    let nodes = tier("aws", "elasticache-nodes");
    let usage = Usage { provisioned_bytes: 32_000_000_000, replicas: 1, ..month() };
    assert_eq!(nodes.nodes.as_ref().unwrap().n_billed(&usage), 8);
    assert_eq!(read(&nodes, &usage)[0], ("nodes", dollars("1,261.44")));
    // A cluster of 12 machines is billed as 12: $1,892.16. One of 6 could not hold it.
    let cluster = |n_nodes| Usage { n_nodes, ..usage.clone() };
    assert_eq!(read(&nodes, &cluster(12))[0], ("nodes", dollars("1,892.16")));
    assert_eq!(read(&nodes, &cluster(6))[0], ("nodes", dollars("1,261.44")));
    // 26 GB on each EC2 instance: 52 GB fit on two, a byte more needs three.
    let ec2 = tier("aws", "ec2-nodes").nodes.unwrap();
    let n_for = |provisioned_bytes| ec2.n_billed(&Usage { provisioned_bytes, ..month() });
    assert_eq!((n_for(0), n_for(52_000_000_000), n_for(52_000_000_001)), (0, 2, 3));
}

#[test]
fn an_hour_begun_is_an_hour_billed() {
    // In a day two machines come and go, after 90 and 61 minutes: 2 h each, so 4 h a day, 120 h a month.
    let part_time_nodes = vec![Nanos(90 * 60_000_000_000), Nanos(61 * 60_000_000_000)];
    let usage = Usage { span: Nanos(24 * HOUR.0), part_time_nodes, ..Usage::default() };
    let by_hour = price("nodes = { price = \"$1/h\" }");
    assert_eq!(read(&by_hour, &usage), [("nodes", dollars("120.00"))]);
    // By the second it is 151 minutes a day: 75.5 h a month.
    let by_second = price("nodes = { price = \"$1/h\", billed-by = \"1s\", least = \"60s\" }");
    assert_eq!(read(&by_second, &usage), [("nodes", dollars("75.50"))]);
    // A minute is billed for 10 seconds; and 24 h for 10 seconds if that is the least.
    let seconds = Nanos(10_000_000_000);
    assert_eq!(by_second.nodes.unwrap().billed_time(seconds), Nanos(60_000_000_000));
    let daily = price("nodes = { price = \"$1/h\", least = \"1d\" }").nodes.unwrap();
    assert_eq!(daily.billed_time(seconds), Nanos(24 * HOUR.0));
    assert_eq!(daily.billed_time(Nanos(0)), Nanos(24 * HOUR.0));
}

#[test]
fn a_backend_is_sized_by_its_peak() {
    // A server answers 500 a second. The busiest window has 3,200 a second, 95 % stay within 2,400:
    // 7 servers or 5, x $0.10 x 720 h = $504 or $360, whatever the average is.
    let peak_lookups_per_second = Peak { max: 320.0, p95: 240.0 };
    let usage = Usage { scale: 10.0, lookups: 1_000, peak_lookups_per_second, ..month() };
    let servers = |sized_by: &str| {
        let line = "price = \"$0.10/h\", lookups-per-second = 500, sized-by";
        read(&price(&format!("nodes = {{ {line} = \"{sized_by}\" }}")), &usage)
    };
    assert_eq!(servers("max"), [("nodes", dollars("504.00"))]);
    assert_eq!(servers("p95"), [("nodes", dollars("360.00"))]);
    // A tenth of a dollar a month for each of 3,200 a second is $320. 2.5 GB a second at the 95th
    // percentile are 20 Gbit a second; at $200 each, $4,000.
    let peak_bytes_per_second = Peak { max: 9e8, p95: 2.5e8 };
    let usage = Usage { peak_bytes_per_second, ..usage };
    let rates = price(
        "peak-requests = { price = \"$0.10/request/s/month\" }\n\
         peak-egress = { price = \"$200/Gbit/s/month\", of = \"p95\" }",
    );
    let expected = [("peak-requests", dollars("320.00")), ("peak-egress", dollars("4,000.00"))];
    assert_eq!(read(&rates, &usage), expected);
}

#[test]
fn every_count_has_its_line() {
    let all = price(
        r#"
        requests = "$1/request"
        writes = "$1/request"
        egress = "$1/GB"
        ingress = "$1/GB"
        cross-zone = "$1/GB"
        migration = "$1/GB"
        fetches = "$1/request"
        purges = "$1/path"
        compute = "$1/cpu-s"
        "#,
    );
    let gb = |n: u64| n * 1_000_000_000;
    let usage = Usage {
        lookups: 2,
        fills: 3,
        writes: 4,
        bytes_out: gb(8),
        bytes_in: gb(9),
        cross_zone_bytes: gb(10),
        migrated_bytes: gb(11),
        origin_fetches: 12,
        purges: 13,
        cpu_ns: gb(14),
        ..month()
    };
    let expected = [
        ("requests", dollars("2.00")),
        ("writes", dollars("7.00")),
        ("egress", dollars("8.00")),
        ("ingress", dollars("9.00")),
        ("cross-zone", dollars("10.00")),
        ("migration", dollars("11.00")),
        ("fetches", dollars("12.00")),
        ("purges", dollars("13.00")),
        ("compute", dollars("14.00")),
    ];
    assert_eq!(read(&all, &usage), expected);
}

#[test]
fn a_price_of_nothing_is_an_empty_bill() {
    assert_eq!(bill(&TierPrice::default(), &Usage { lookups: 9, ..month() }), []);
}
