//! Keys for facts that come without one. A key follows from the content, and from
//! how many equal facts came before it in the same file or body: sending the same
//! thing again gives the same keys, and two equal purchases stay two.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// The first 16 bytes of SHA-256 over texts, each ended by a zero byte.
pub(crate) fn digest<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    let digest = hash.finalize();
    std::array::from_fn(|i| digest[i])
}

/// Gives out keys, remembering which contents came before.
#[derive(Debug, Default)]
pub(crate) struct DerivedKeys(HashMap<[u8; 16], u32>);

impl DerivedKeys {
    /// The key of a content.
    pub(crate) fn key<T: AsRef<[u8]>>(&mut self, parts: impl IntoIterator<Item = T>) -> String {
        let content = digest(parts);
        let repeat = self.0.entry(content).and_modify(|count| *count += 1).or_insert(0);
        format!("auto-{}-{repeat}", hex::encode(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_contents_are_numbered_and_parts_do_not_run_together() {
        let mut keys = DerivedKeys::default();
        let first = keys.key(["ab", "c"]);
        assert!(first.starts_with("auto-") && first.ends_with("-0"), "{first}");
        assert_eq!(keys.key(["ab", "c"]), first.replace("-0", "-1"));
        assert_ne!(keys.key(["a", "bc"])[..30], first[..30]);
        assert_eq!(DerivedKeys::default().key(["ab", "c"]), first);
    }
}
