//! What people say when asked, and what the CSM thinks. Survey scores follow latent health with the noise of single
//! people; CSMs see it late, in steps of five, each with an own bent towards hope or worry.

use domain::Day;
use store::csm_sentiment::Model as CsmSentiment;
use store::survey_response::{Kind, Model as Response};

use super::calendar::{at, later, office_hours, shift};
use super::people::People;
use super::phrases;
use super::profile::Tier;
use super::records::Ledger;
use super::source;
use super::stream::{Stream, Topic, logistic};
use super::subject::Subject;

/// Days a CSM needs to notice what has changed.
const NOTICE_DAYS: i64 = 21;

/// Writes survey responses.
pub(super) fn write_surveys(subject: &Subject<'_>, people: &People, ledger: &mut Ledger) {
    if subject.profile.missing.surveys {
        return;
    }
    let mut stream = subject.stream(Topic::Feedback);
    let invited = match subject.profile.tier {
        Tier::Strategic => 7,
        Tier::Growth => 4,
        Tier::Digital => 2,
    };
    for month in subject.months() {
        let answers = logistic(-0.7 + 0.4 * subject.latent(month)) * subject.share_of(month);
        let turn = i64::from(subject.window.index_of(month)) + subject.id();
        if turn % 6 == 0 {
            for _ in 0..invited {
                if stream.chance(answers) {
                    respond(subject, people, Kind::Nps, month, &mut stream, ledger);
                }
            }
        }
        for (kind, a_month) in [(Kind::Csat, 0.16), (Kind::Ces, 0.04)] {
            if stream.chance(a_month * answers * f64::from(invited)) {
                respond(subject, people, kind, month, &mut stream, ledger);
            }
        }
    }
}

fn respond(subject: &Subject<'_>, people: &People, kind: Kind, month: Day, stream: &mut Stream, ledger: &mut Ledger) {
    let day = subject.day_in(month, stream);
    let latent = subject.latent(day);
    let (middle, slope, noise, worst, best) = match kind {
        Kind::Nps => (7.4, 1.5, 1.7, 0.0, 10.0),
        Kind::Csat => (3.9, 0.55, 0.75, 1.0, 5.0),
        Kind::Ces => (5.1, 0.7, 1.1, 1.0, 7.0),
    };
    let score = (middle + slope * latent + noise * stream.normal()).round().clamp(worst, best);
    let comment = stream.chance(0.55).then(|| phrases::comment((score - worst) / (best - worst), stream).to_owned());
    let occurred_at = office_hours(day, subject.profile.region, stream);
    ledger.write(Response {
        id: 0,
        account_id: subject.id(),
        contact_id: people.anybody(day, stream).map(|person| person.id),
        kind,
        score: score as i16,
        comment,
        occurred_at,
        source_id: Some(source::SURVEYS),
        recorded_at: later(occurred_at, stream.between(60, 900)),
    });
}

/// Writes the CSM's sentiment: monthly for strategic accounts, quarterly for the others.
pub(super) fn write_sentiments(subject: &Subject<'_>, ledger: &mut Ledger) {
    let mut stream = Stream::new(subject.seed, Topic::Feedback, subject.id(), 1);
    let every = if subject.is_strategic() { 1 } else { 3 };
    for month in subject.months() {
        let turn = i64::from(subject.window.index_of(month)) + subject.id();
        let is_set = turn % every == 0 && stream.chance(0.82);
        if !is_set {
            continue;
        }
        let day = subject.day_in(month, &mut stream);
        let member_id = subject.csm(day);
        let bent = 0.35 * Stream::new(subject.seed, Topic::Team, member_id, 1).normal();
        let seen = subject.latent(shift(day, -NOTICE_DAYS));
        let score = (3.2 + bent + 0.85 * seen + 0.45 * stream.normal()).round().clamp(1.0, 5.0) as i16;
        let occurred_at = at(day, stream.between(14 * 3600, 17 * 3600));
        ledger.write(CsmSentiment {
            id: 0,
            account_id: subject.id(),
            member_id,
            score,
            note: stream.chance(0.6).then(|| phrases::sentiment(score, &mut stream).to_owned()),
            occurred_at,
            recorded_at: occurred_at,
        });
    }
}
