//! A *profile* is what an account is from the first day on: who, where, how large, on which contract, and which of its
//! sources are missing. It is drawn once per account; everything that changes later is its *life*.

use domain::Day;

use super::calendar::{Window, add_months, shift};
use super::names;
use super::stream::{Stream, Topic, micro, mix};

/// How closely an account is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    Strategic,
    Growth,
    Digital,
}

impl Tier {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Strategic => "strategic",
            Self::Growth => "growth",
            Self::Digital => "digital",
        }
    }
}

/// The trade of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Industry {
    Technology,
    FinancialServices,
    Healthcare,
    Ecommerce,
}

impl Industry {
    const ALL: [Self; 4] = [Self::Technology, Self::FinancialServices, Self::Healthcare, Self::Ecommerce];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Technology => "technology",
            Self::FinancialServices => "financial services",
            Self::Healthcare => "healthcare",
            Self::Ecommerce => "e-commerce",
        }
    }
}

/// Where an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    Americas,
    Emea,
    Apac,
}

impl Region {
    pub(super) const ALL: [Self; 3] = [Self::Americas, Self::Emea, Self::Apac];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Americas => "AMER",
            Self::Emea => "EMEA",
            Self::Apac => "APAC",
        }
    }

    /// Hours its clocks are ahead of UTC.
    pub(super) fn utc_offset_hours(self) -> i64 {
        match self {
            Self::Americas => -6,
            Self::Emea => 1,
            Self::Apac => 8,
        }
    }
}

/// The edition of the product an account has bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Plan {
    Team,
    Business,
    Enterprise,
}

impl Plan {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Business => "business",
            Self::Enterprise => "enterprise",
        }
    }

    /// The edition above, if there is one.
    pub(super) fn above(self) -> Option<Self> {
        match self {
            Self::Team => Some(Self::Business),
            Self::Business => Some(Self::Enterprise),
            Self::Enterprise => None,
        }
    }

    /// List price of a seat and month, in cents.
    pub(super) fn list_cents(self) -> f64 {
        match self {
            Self::Team => 4_900.0,
            Self::Business => 7_900.0,
            Self::Enterprise => 11_900.0,
        }
    }
}

/// Sources an account does not have, so that what they would say stays unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the sources are missing independently of each other")]
pub(super) struct Missing {
    pub(super) tickets: bool,
    pub(super) surveys: bool,
    pub(super) objectives: bool,
    pub(super) invoices: bool,
}

/// What an account is from the first day on.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    /// Its record id, from 1.
    pub(super) id: i64,
    pub(super) name: String,
    /// The mail domain of its people; children share their parent's.
    pub(super) domain: String,
    pub(super) parent: Option<i64>,
    /// Whether it is one installation of its parent rather than an organisation of its own.
    pub(super) is_instance: bool,
    pub(super) tier: Tier,
    pub(super) industry: Industry,
    pub(super) region: Region,
    pub(super) employees: i64,
    /// First day as a customer.
    pub(super) start: Day,
    pub(super) term_months: i32,
    pub(super) notice_days: i64,
    pub(super) auto_renew: bool,
    /// Months one invoice covers.
    pub(super) billing_months: i32,
    pub(super) pays_by_card: bool,
    pub(super) plan: Plan,
    pub(super) seats: i64,
    /// What is paid of the list price.
    pub(super) discount: f64,
    /// Where latent health returns to.
    pub(super) level: f64,
    /// How much its people use the product at the same health.
    pub(super) vigour: f64,
    /// Position of its CSM among the CSMs.
    pub(super) csm: usize,
    /// A day from which another CSM has it.
    pub(super) handover: Option<(Day, usize)>,
    pub(super) missing: Missing,
}

/// Share of accounts that belong to a parent.
const CHILDREN: f64 = 0.06;

/// Draws the profiles of all accounts, oldest customer first.
pub(super) fn draw_all(seed: u64, accounts: usize, csms: usize, window: &Window) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = Vec::with_capacity(accounts);
    let mut named = [0_usize; 4];
    let mut possible_parents: Vec<usize> = Vec::new();
    for index in 0..accounts {
        let mut stream = Stream::new(seed, Topic::Profile, index as i64 + 1, 0);
        let mut profile = draw(index, accounts, csms, window, &mut stream);
        let is_child = stream.chance(CHILDREN) && !possible_parents.is_empty();
        if is_child {
            let parent = &profiles[stream.pick(&possible_parents)];
            join(&mut profile, parent, &mut stream);
        } else {
            let industry = profile.industry;
            profile.name = names::company(industry, named[industry as usize], mix(seed));
            profile.domain = names::domain(&profile.name);
            named[industry as usize] += 1;
            if profile.tier != Tier::Digital {
                possible_parents.push(index);
            }
        }
        profiles.push(profile);
    }
    profiles
}

const UNITS: [&str; 10] =
    ["Iberia", "Nordics", "Logistics", "Services", "Canada", "West", "Benelux", "Research", "Direct", "Pacific"];

/// Makes an account a child of another.
fn join(profile: &mut Profile, parent: &Profile, stream: &mut Stream) {
    let unit = UNITS[profile.id.unsigned_abs() as usize % UNITS.len()];
    profile.parent = Some(parent.id);
    profile.domain.clone_from(&parent.domain);
    profile.industry = parent.industry;
    profile.is_instance = stream.chance(0.35);
    profile.name = if profile.is_instance {
        format!("{} (workspace {})", parent.name, profile.id)
    } else {
        format!("{} {unit} {}", parent.name, profile.id)
    };
}

fn draw(index: usize, accounts: usize, csms: usize, window: &Window, stream: &mut Stream) -> Profile {
    let tier = [Tier::Strategic, Tier::Growth, Tier::Digital][stream.weighted(&[0.10, 0.35, 0.55])];
    let (seats, discount) = size(tier, stream);
    let start = first_day(index, accounts, window, stream);
    let industry = Industry::ALL[stream.weighted(&[0.38, 0.24, 0.18, 0.20])];
    let csm = index % csms;
    let billing_months = billing(tier, stream);
    Profile {
        id: index as i64 + 1,
        name: String::new(),
        domain: String::new(),
        parent: None,
        is_instance: false,
        tier,
        industry,
        region: Region::ALL[stream.weighted(&[0.48, 0.37, 0.15])],
        employees: (seats as f64 * stream.spread(9.0, 0.8)) as i64 + 5,
        start,
        term_months: term(tier, stream),
        notice_days: if tier == Tier::Digital { 30 } else { 60 },
        auto_renew: stream.chance(if tier == Tier::Strategic { 0.35 } else { 0.8 }),
        billing_months,
        pays_by_card: billing_months == 1 && stream.chance(if tier == Tier::Digital { 0.9 } else { 0.3 }),
        plan: plan(tier, stream),
        seats,
        discount,
        level: micro(0.38 + 0.52 * stream.normal()),
        vigour: micro(stream.spread(1.0, 0.3)),
        csm,
        handover: handover(start, csm, csms, window, stream),
        missing: Missing {
            tickets: stream.chance(0.08),
            surveys: stream.chance(0.15),
            objectives: stream.chance(match tier {
                Tier::Strategic => 0.05,
                Tier::Growth => 0.25,
                Tier::Digital => 0.65,
            }),
            invoices: stream.chance(0.05),
        },
    }
}

/// Seats and the share of the list price paid. The largest accounts follow a power law.
fn size(tier: Tier, stream: &mut Stream) -> (i64, f64) {
    let (seats, discount) = match tier {
        Tier::Strategic => (65.0 * (1.0 - stream.unit()).powf(-1.0 / 1.7), 0.80),
        Tier::Growth => (stream.spread(34.0, 0.45), 0.92),
        Tier::Digital => (stream.spread(11.0, 0.45), 1.0),
    };
    let most = if tier == Tier::Strategic { 900 } else { 160 };
    let discount = micro(stream.spread(discount, 0.06).min(1.0));
    ((seats as i64).clamp(3, most), discount)
}

/// Half the accounts were there before the window, oldest first; the others arrive evenly until three weeks ago.
fn first_day(index: usize, accounts: usize, window: &Window, stream: &mut Stream) -> Day {
    let before = accounts / 2;
    if index < before {
        let age = 1.0 - (index as f64 + stream.unit()) / before as f64;
        return shift(window.start, -((age * age.sqrt() * 1_600.0) as i64) - 1);
    }
    let newest = super::calendar::days_between(window.start, window.today) - 21;
    let place = (index - before) as f64 + stream.unit();
    let day = shift(window.start, (place / (accounts - before) as f64 * newest as f64) as i64);
    super::calendar::working_day(day)
}

fn term(tier: Tier, stream: &mut Stream) -> i32 {
    let weights = match tier {
        Tier::Strategic => [0.40, 0.30, 0.30],
        Tier::Growth => [0.72, 0.22, 0.06],
        Tier::Digital => [1.0, 0.0, 0.0],
    };
    [12, 24, 36][stream.weighted(&weights)]
}

fn billing(tier: Tier, stream: &mut Stream) -> i32 {
    let weights = match tier {
        Tier::Strategic => [0.05, 0.35, 0.60],
        Tier::Growth => [0.35, 0.25, 0.40],
        Tier::Digital => [0.80, 0.0, 0.20],
    };
    [1, 3, 12][stream.weighted(&weights)]
}

fn plan(tier: Tier, stream: &mut Stream) -> Plan {
    let weights = match tier {
        Tier::Strategic => [0.0, 0.4, 0.6],
        Tier::Growth => [0.25, 0.6, 0.15],
        Tier::Digital => [0.75, 0.25, 0.0],
    };
    [Plan::Team, Plan::Business, Plan::Enterprise][stream.weighted(&weights)]
}

/// About one account in six changes hands once within the window.
fn handover(start: Day, csm: usize, csms: usize, window: &Window, stream: &mut Stream) -> Option<(Day, usize)> {
    let moves = stream.chance(0.17);
    let earliest = add_months(start, 3).max(window.start);
    let room = super::calendar::days_between(earliest, window.today);
    let day = shift(earliest, stream.between(0, room - 1));
    let next = (csm + stream.between(1, csms as i64 - 1) as usize) % csms;
    (moves && room > 0 && next != csm).then_some((day, next))
}
