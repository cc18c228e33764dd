//! From headers to fields: as the mapping says, else as the catalogue understands them,
//! each field filled once. What means nothing is reported, never dropped in silence.

use std::collections::BTreeMap;

use super::mapping::{self, Mapping, MappingError, Target, Unmapped};
use super::sheet::Notice;
use crate::record::{Object, field_for_header, normal_header};

/// Where each column goes: as the mapping says, else as its header says.
pub(super) fn targets(
    object: Object,
    headers: &[String],
    mapping: &Mapping,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Vec<Target>>, MappingError> {
    let mut filled: Vec<&str> = Vec::new();
    for constant in mapping.constants.keys() {
        filled.push(mapping::named(object, constant)?.name);
    }
    let mut targets: Vec<Vec<Target>> = vec![Vec::new(); headers.len()];
    for (header, wanted) in &mapping.columns {
        let Some(index) = headers.iter().position(|name| name == header) else {
            let sentence = format!("the mapping names a column `{header}`, which the file does not have");
            notices.push(Notice { code: "missing_column", column: Some(header.clone()), sentence });
            continue;
        };
        for word in wanted.as_slice() {
            let target = mapping::target(object, word)?;
            if let Target::Field(name) = target {
                if filled.contains(&name) {
                    return Err(MappingError::FilledTwice(name.to_owned()));
                }
                filled.push(name);
            }
            targets[index].push(target);
        }
    }
    guess(object, headers, mapping, &filled, &mut targets, notices);
    Ok(targets)
}

/// Targets for the columns the mapping does not speak of.
fn guess(
    object: Object,
    headers: &[String],
    mapping: &Mapping,
    filled: &[&str],
    targets: &mut [Vec<Target>],
    notices: &mut Vec<Notice>,
) {
    let mut best: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for (index, header) in headers.iter().enumerate().filter(|(index, _)| targets[*index].is_empty()) {
        if let Some(field) = field_for_header(object, header).filter(|field| !filled.contains(&field.name)) {
            let rank = field.rank(&normal_header(header)).unwrap_or(usize::MAX);
            let entry = best.entry(field.name).or_insert((rank, index));
            *entry = (*entry).min((rank, index));
        }
    }
    for (name, (_, index)) in &best {
        targets[*index].push(Target::Field(name));
    }
    for (header, targets) in headers.iter().zip(targets).filter(|(_, targets)| targets.is_empty()) {
        let ours = header == "_line" || header == "_error";
        let keep = mapping.unmapped == Unmapped::Keep && !ours;
        targets.push(if keep { Target::Extra(header.clone()) } else { Target::Ignore });
        if ours {
            continue;
        }
        let fate = if keep { "kept as it is" } else { "left out" };
        let sentence = match field_for_header(object, header) {
            Some(field) => {
                format!("`{header}` looks like `{}`, which another column fills already; it is {fate}", field.name)
            }
            None => format!("`{header}` means nothing to {}; it is {fate}", object.as_str().replace('_', " ")),
        };
        notices.push(Notice { code: "unknown_column", column: Some(header.clone()), sentence });
    }
}
