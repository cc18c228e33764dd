//! The *world* is what happens to many accounts at once: outages of the product in a region, and the few *stories*
//! that put visible trouble into every book in the weeks before today, so that whoever opens the demo has work to
//! do. What happens in it is drawn elsewhere.

use super::profile::{Profile, Region};
use super::stream::{Stream, Topic};
use super::truth::ShockKind;

/// What happens to many accounts at once.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// Month and region of each outage.
    outages: Vec<(i32, Region)>,
    /// Account, month and kind of each story, by account.
    stories: Vec<(i64, i32, ShockKind)>,
}

/// Stories per CSM.
const STORIES: usize = 6;

impl World {
    /// Draws the world for the accounts of `csms` books over `months` months.
    pub(super) fn draw(seed: u64, profiles: &[Profile], csms: usize, months: i32) -> Self {
        let mut stream = Stream::new(seed, Topic::World, 0, 0);
        let outages = (0..months)
            .flat_map(|month| Region::ALL.map(|region| (month, region)))
            .filter(|_| stream.chance(0.035))
            .collect();
        let mut stories = Vec::new();
        let books = profiles.len().div_ceil(csms.max(1));
        for csm in 0..csms {
            for story in 0..STORIES.min(books / 3) {
                // Among the younger accounts, most of which are still there.
                let place = csm + csms * stream.between(books as i64 / 3, books as i64 - 2) as usize;
                let month = months - 1 - [1, 1, 0][story % 3];
                let kind = STORY_KINDS[story % STORY_KINDS.len()];
                stories.extend(profiles.get(place).map(|profile| (profile.id, month, kind)));
            }
        }
        stories.sort_unstable_by_key(|story| story.0);
        stories.dedup_by_key(|story| story.0);
        Self { outages, stories }
    }

    /// Whether the product was down in a region in a month.
    pub(super) fn outage(&self, region: Region, month: i32) -> bool {
        self.outages.contains(&(month, region))
    }

    /// The story that begins for an account in a month.
    pub(super) fn story(&self, account_id: i64, month: i32) -> Option<ShockKind> {
        let found = self.stories.binary_search_by_key(&account_id, |story| story.0).ok()?;
        let (_, begins, kind) = self.stories[found];
        (begins == month).then_some(kind)
    }
}

const STORY_KINDS: [ShockKind; 3] = [ShockKind::SponsorLeft, ShockKind::Competitor, ShockKind::Reorganisation];
