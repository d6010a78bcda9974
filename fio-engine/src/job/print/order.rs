//! The order of offsets, written back.

use super::Printer;
use crate::job::spec::Pattern;
use crate::job::spec::order::{Distribution, FileService, OrderOptions, Sequencer, Zone, ZoneList};
use crate::job::spec::preconditioning::Preconditioning;
use crate::job::units::number::SizeOrPercent;

impl Printer {
    /// `rw`, with its number if it has one.
    pub(super) fn pattern(&mut self, pattern: Pattern, order: &OrderOptions) {
        let number = match order {
            _ if pattern.random && order.random_every != 1 => i64::from(order.random_every),
            _ if !pattern.random => order.stride,
            _ => 0,
        };
        let name = pattern.name();
        if number != 0 || (pattern.random && order.random_every == 0) {
            self.put("rw", format!("{name}:{number}"));
        } else {
            self.number("rw", name, self.default.pattern.name());
        }
    }

    pub(super) fn order(&mut self, order: &OrderOptions) {
        if order.sequencer == Sequencer::Identical {
            self.put("rw_sequencer", "identical");
        }
        self.boolean("bs_is_seq_rand", order.sizes_by_order, false);
        let [read, write, trim] = order.random_percent.0;
        if order.random_percent.0 != [100; 3] {
            self.put("percentage_random", format!("{read},{write},{trim}"));
        }
        if order.distribution != Distribution::Uniform {
            self.put("random_distribution", distribution(&order.distribution));
        }
        self.file_service(&order.file_service);
        if let Some(number) = order.number_of_ios {
            self.put("number_ios", number);
        }
        match order.offset_increment {
            SizeOrPercent::Bytes(0) => {}
            SizeOrPercent::Bytes(bytes) => self.put("offset_increment", bytes),
            SizeOrPercent::Percent(percent) => self.put("offset_increment", format!("{percent}%")),
        }
        self.number("offset_align", order.begin_alignment, 0);
        if let Some(zones) = order.zones {
            self.put("zonemode", "strided");
            self.put("zonesize", zones.size);
            self.put("zonerange", zones.range);
            self.number("zoneskip", zones.skip, 0);
        }
        if let Some(one) = order.preconditioning {
            let default = Preconditioning::default();
            self.boolean("sprandom", true, false);
            self.number("spr_num_regions", one.regions, default.regions);
            self.number("spr_op", one.over_provisioning, default.over_provisioning);
            self.number("spr_cs", one.cache_size, default.cache_size);
        }
    }

    fn file_service(&mut self, service: &FileService) {
        let value = match service {
            FileService::RoundRobin { every: 1 } => return,
            FileService::RoundRobin { every } => format!("roundrobin:{every}"),
            FileService::Sequential => "sequential".to_owned(),
            FileService::Random { every } => format!("random:{every}"),
            FileService::Skewed(skew) => distribution(skew),
        };
        self.put("file_service_type", value);
    }
}

/// The value of `random_distribution`, also of `file_service_type`.
fn distribution(distribution: &Distribution) -> String {
    let (name, number, center) = match distribution {
        Distribution::Uniform => return "random".to_owned(),
        Distribution::Zipf { theta, center } => ("zipf", theta, center),
        Distribution::Pareto { power, center } => ("pareto", power, center),
        Distribution::Normal { deviation, center } => ("normal", deviation, center),
        Distribution::Zoned(ZoneList::Percent(zones)) => return list("zoned", zones),
        Distribution::Zoned(ZoneList::Bytes(zones)) => return list("zoned_abs", zones),
    };
    let center = center.map_or_else(String::new, |center| format!(":{center}"));
    format!("{name}:{number}{center}")
}

fn list(name: &str, zones: &[Zone]) -> String {
    let zones = zones
        .iter()
        .map(|zone| format!(":{}/{}", zone.share, zone.size));
    name.chars()
        .chain(zones.collect::<String>().chars())
        .collect()
}
