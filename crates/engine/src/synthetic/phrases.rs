//! What people write: subjects and bodies of touchpoints, ticket subjects, survey comments and notes, sorted by mood.
//! `{who}` is the first name of the contact, `{company}` the account, `{me}` the first name of the CSM. The mood of a
//! text follows latent health with some noise, as the mood of people does.

use store::ticket::Priority;

use super::stream::Stream;

/// How things feel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Good,
    Plain,
    Bad,
}

impl Mood {
    /// The mood that a latent health shows on an ordinary day.
    pub(super) fn of(latent: f64, stream: &mut Stream) -> Self {
        match latent + 0.35 * stream.normal() {
            shown if shown > 0.75 => Self::Good,
            shown if shown < -0.2 => Self::Bad,
            _ => Self::Plain,
        }
    }
}

/// A subject and a body, with places for names.
pub(super) type Text = (&'static str, &'static str);

/// A mail we sent.
pub(super) fn mail_out(mood: Mood, stream: &mut Stream) -> Text {
    stream.pick(match mood {
        Mood::Good => &MAILS_OUT_GOOD,
        Mood::Plain => &MAILS_OUT,
        Mood::Bad => &MAILS_OUT_BAD,
    })
}

/// A mail we received.
pub(super) fn mail_in(mood: Mood, stream: &mut Stream) -> Text {
    stream.pick(match mood {
        Mood::Good => &MAILS_IN_GOOD,
        Mood::Plain => &MAILS_IN,
        Mood::Bad => &MAILS_IN_BAD,
    })
}

/// A call or meeting, as noted afterwards.
pub(super) fn talk(mood: Mood, stream: &mut Stream) -> Text {
    stream.pick(match mood {
        Mood::Good => &TALKS_GOOD,
        Mood::Plain => &TALKS,
        Mood::Bad => &TALKS_BAD,
    })
}

/// A business review, as noted afterwards.
pub(super) fn review(mood: Mood, stream: &mut Stream) -> Text {
    stream.pick(match mood {
        Mood::Good => &REVIEWS_GOOD,
        Mood::Plain => &REVIEWS,
        Mood::Bad => &REVIEWS_BAD,
    })
}

/// A note to ourselves.
pub(super) fn note(mood: Mood, stream: &mut Stream) -> Text {
    stream.pick(match mood {
        Mood::Good => &NOTES_GOOD,
        Mood::Plain => &NOTES,
        Mood::Bad => &NOTES_BAD,
    })
}

/// The subject of a ticket.
pub(super) fn ticket(priority: Priority, outage: bool, stream: &mut Stream) -> String {
    let subjects: &[&str] = match (outage, priority) {
        (true, _) => &TICKETS_OUTAGE,
        (false, Priority::High | Priority::Urgent) => &TICKETS_URGENT,
        (false, Priority::Low | Priority::Normal) => &TICKETS,
    };
    stream.pick(subjects).to_owned()
}

/// What somebody wrote under a survey score, where 0 is the worst and 1 the best score possible.
pub(super) fn comment(score: f64, stream: &mut Stream) -> &'static str {
    stream.pick(match score {
        score if score >= 0.85 => &COMMENTS_GOOD,
        score if score >= 0.6 => &COMMENTS,
        _ => &COMMENTS_BAD,
    })
}

/// Why a CSM gave a sentiment of 1 to 5.
pub(super) fn sentiment(score: i16, stream: &mut Stream) -> &'static str {
    stream.pick(match score {
        4.. => &SENTIMENTS_GOOD,
        3 => &SENTIMENTS,
        _ => &SENTIMENTS_BAD,
    })
}

const MAILS_OUT_GOOD: [Text; 4] = [
    (
        "The numbers from your rollout",
        "Hi {who}, I put last month's figures on one page. Completion time is down again; would you be happy to share how you did it with two other customers?\n\n{me}",
    ),
    (
        "Next team to bring on?",
        "Hi {who}, with operations live I wondered who is next. Happy to prepare the same starter set for them.\n\n{me}",
    ),
    (
        "Agenda for our review",
        "Hi {who}, here is a draft agenda: results against your goals, what is planned, one idea for reporting. Anything to add?\n\n{me}",
    ),
    (
        "Beta of scheduled dashboards",
        "Hi {who}, you asked for this in spring. I can switch it on for {company} on Monday if you like.\n\n{me}",
    ),
];
const MAILS_OUT: [Text; 6] = [
    (
        "Checking in",
        "Hi {who}, two new people logged in last week but nobody has used the templates yet. Shall I run a short session?\n\n{me}",
    ),
    (
        "Follow-up from last week",
        "Hi {who}, as promised: the guide on permissions and the recording. The open point about exports is with our product team.\n\n{me}",
    ),
    (
        "Release notes that matter for you",
        "Hi {who}, of this month's changes two concern {company}: faster reports and the new approval step.\n\n{me}",
    ),
    (
        "Your goals for the quarter",
        "Hi {who}, could you confirm the three goals we wrote down? Then I can track them on our side.\n\n{me}",
    ),
    (
        "Invitation: admin office hour",
        "Hi {who}, every second Thursday we answer admin questions live. Your colleagues are welcome too.\n\n{me}",
    ),
    (
        "Short question on reporting",
        "Hi {who}, which of the weekly reports do you actually use? I would like to drop the rest.\n\n{me}",
    ),
];
const MAILS_OUT_BAD: [Text; 5] = [
    (
        "Can we talk this week?",
        "Hi {who}, I see that fewer people have been working in Trellis since last month. I would rather understand why than guess. Do you have 20 minutes?\n\n{me}",
    ),
    (
        "Following up again",
        "Hi {who}, I have not heard back, so I will try once more. If somebody else at {company} looks after this now, could you point me to them?\n\n{me}",
    ),
    (
        "What we will do about the open tickets",
        "Hi {who}, I went through the open tickets with our support lead this morning. Two are fixed, one needs a release; dates below.\n\n{me}",
    ),
    (
        "Before we talk about the renewal",
        "Hi {who}, I would like to agree on what must be better first. Could we list it together on Thursday?\n\n{me}",
    ),
    (
        "A plan to get back on track",
        "Hi {who}, attached is a four-week plan: one team, one process, one number we both look at. Would you sponsor it?\n\n{me}",
    ),
];
const MAILS_IN_GOOD: [Text; 4] = [
    (
        "Thank you",
        "Just wanted to say the session on Tuesday was excellent, the team is already building its own boards.",
    ),
    (
        "More seats",
        "We are opening a second office in spring and would need about a dozen more seats. What does that cost?",
    ),
    (
        "Question about automations",
        "We moved the approval process over and it saves us a day a week. Can an automation also start from a form?",
    ),
    ("Reference call", "Happy to take the call with the other customer. Next week works."),
];
const MAILS_IN: [Text; 5] = [
    (
        "Question on permissions",
        "Can guests see all projects or only the ones they are invited to? Our auditors asked.",
    ),
    ("New colleague", "Please add our new project manager to the training list."),
    ("Export format", "Is there a way to get the monthly report as a spreadsheet without the cover page?"),
    ("Re: your question", "We talked about it internally and would like to wait until the reorganisation is done."),
    ("Invoice address", "Our finance address has changed, details attached. Who should we send this to?"),
];
const MAILS_IN_BAD: [Text; 5] = [
    (
        "Still waiting",
        "We reported this three weeks ago and still have no date. Frankly this is not what we were promised.",
    ),
    ("Contract terms", "Could you send me the cancellation terms of our contract? We are reviewing all our tools."),
    ("Adoption", "To be honest most of the team went back to spreadsheets. Nobody has the time to learn this."),
    (
        "Price",
        "The increase does not fit what we use. We have a cheaper offer on the table and need an answer this month.",
    ),
    (
        "Outage last week",
        "Our month end was held up for four hours. What are you doing so that this does not happen again?",
    ),
];
const TALKS_GOOD: [Text; 4] = [
    (
        "Regular call",
        "Good energy. {who} showed the new intake board to their board of directors. Wants help rolling out to finance. Next: starter set by Friday.",
    ),
    (
        "Roadmap session",
        "Three requests, two already planned. They offered to test early. {who} would speak at our customer day.",
    ),
    ("Success plan check", "Two of three goals reached ahead of time. New goal: cut approval time by a third."),
    (
        "Growth conversation",
        "Second department wants in. {who} will bring numbers for seats; budget is there this year.",
    ),
];
const TALKS: [Text; 5] = [
    (
        "Regular call",
        "Went through open points. Permissions solved, exports still open on our side. {who} will collect questions from the team.",
    ),
    ("Admin training", "Six people, an hour. Good questions about templates; sent the guide afterwards."),
    (
        "Check-in",
        "Usage is steady. Main users are project managers, the rest only reads. Agreed to look at notifications.",
    ),
    (
        "Goals for the quarter",
        "Agreed on two goals and how we measure them. {who} still has to confirm with their boss.",
    ),
    ("Kick-off of a new team", "Introduced the template set. They want to start small with one process."),
];
const TALKS_BAD: [Text; 5] = [
    (
        "Difficult call",
        "{who} is frustrated about the slow answers to their tickets. Usage dropped after two team leads left. Agreed to a plan with dates, review in two weeks.",
    ),
    ("Check-in, short", "Ten minutes only. They are comparing tools. No names, but pricing came up twice."),
    (
        "Renewal conversation",
        "Budget is under review and they would like to cut seats. I asked for the numbers behind it.",
    ),
    ("Escalation call", "Our support lead joined. Three open issues, agreed owners. Tone was firm but fair."),
    ("Adoption review", "Two of five teams stopped using it. Nobody owns the rollout since the reorganisation."),
];
const REVIEWS_GOOD: [Text; 2] = [
    (
        "Quarterly business review",
        "Value: approval time down 31 %, two people freed for other work. Benchmarks above peers. Agreed next steps: automation in finance, reference story. {who} chaired.",
    ),
    (
        "Quarterly business review",
        "All goals on track. They asked about the enterprise edition for audit logs. Follow-up with pricing next week.",
    ),
];
const REVIEWS: [Text; 2] = [
    (
        "Quarterly business review",
        "Usage stable, one goal on track, one behind because of a late integration. Agreed on two improvements and a training day.",
    ),
    (
        "Quarterly business review",
        "Went through results and plan. Some interest in dashboards. {who} wants fewer, clearer numbers next time.",
    ),
];
const REVIEWS_BAD: [Text; 2] = [
    (
        "Quarterly business review",
        "Nobody from management came. Goals not reached, data quality is the stated reason. We need a sponsor or this will not renew.",
    ),
    (
        "Quarterly business review",
        "Hard questions on return. We could show activity but no outcome. Agreed to pick one process and prove it in six weeks.",
    ),
];
const NOTES_GOOD: [Text; 3] = [
    (
        "Expansion idea",
        "{company} uses every feature of its edition. Worth an offer for the next one after the review.",
    ),
    ("Reference candidate", "{who} is happy to talk to prospects in the same industry, not more than once a quarter."),
    ("Handled well", "Rolled out to the second team without our help."),
];
const NOTES: [Text; 3] = [
    ("Organisation", "New team structure from next month; ask who owns the admin role."),
    ("Preparation", "Collect usage by team before the next call."),
    ("Contact", "{who} prefers calls before ten, mails get lost."),
];
const NOTES_BAD: [Text; 4] = [
    ("Risk", "Usage down, no answer to two mails. Ask our VP to reach out to theirs."),
    ("Competitor", "They had a demonstration of another tool last week, says the admin. Price was the hook."),
    ("Sponsor", "Our sponsor is looking for another job. No successor named yet."),
    ("Renewal at risk", "Seats are far above what they use; expect a smaller renewal or none."),
];

/// Notes and mails that a shock leaves behind.
pub(super) mod shock {
    use super::Text;

    pub(in super::super) const SPONSOR_LEFT: Text = (
        "Our sponsor has left",
        "Heard from the admin that our sponsor at {company} has left. Need to find out who takes over the budget, and introduce ourselves within two weeks.",
    );
    pub(in super::super) const SPONSOR_REPLACED: Text = (
        "Introduction of the new sponsor",
        "Met {who}, who now owns the topic. Curious, wants to see numbers first. Sent the summary of what {company} has reached so far.",
    );
    pub(in super::super) const CHAMPION_PROMOTED: Text =
        ("Good news", "Our champion got a larger team and wants to bring Trellis along.");
    pub(in super::super) const REORGANISATION: Text = (
        "Reorganisation",
        "Two departments of {company} are being merged. Projects are on hold until it is clear who leads what.",
    );
    pub(in super::super) const COMPETITOR: Text = (
        "Other vendor in the house",
        "The admin mentioned a pilot with another tool in one department. Ask what they hope to get from it.",
    );
    pub(in super::super) const PRICE_DISPUTE: Text = (
        "Renewal price",
        "Our management does not accept the new price. Please send a revised offer, otherwise we have to look around.",
    );
    pub(in super::super) const OUTAGE: Text = (
        "About last week's outage",
        "Hi {who}, I am sorry for the interruption. The cause is found and fixed; the full report is attached, and I am happy to go through it with your team.\n\n{me}",
    );
    pub(in super::super) const SAVE_CALL: Text = (
        "Save plan: executive call",
        "Our VP and {who} agreed on a recovery plan: one process, one owner on each side, weekly numbers. Honest conversation, they want it to work.",
    );
    pub(in super::super) const SAVE_REVIEW: Text = (
        "Save plan: first review",
        "First two weeks done. The pilot team is back to daily use, two tickets closed. Next review in two weeks.",
    );
    pub(in super::super) const RENEWAL: Text = (
        "Your renewal",
        "Hi {who}, your term ends in about three months. I would like to go through what you reached and what the next term should look like.\n\n{me}",
    );
    pub(in super::super) const NOTICE: Text = (
        "Notice of cancellation",
        "Please accept this as notice that {company} will not renew the contract. Thank you for the work together; please confirm the end date.",
    );
}

const TICKETS: [&str; 14] = [
    "How do I move a project to another team?",
    "Guest cannot see shared board",
    "Export leaves out archived tasks",
    "Change of billing contact",
    "Notification mails arrive twice",
    "Question about the retention setting",
    "Template does not keep due dates",
    "Add a custom field to reports",
    "Calendar sync shows the wrong zone",
    "Password reset link has expired",
    "Dashboard loads slowly in the morning",
    "Cannot attach files above 50 MB",
    "Where can I see who changed a task?",
    "Sandbox for testing automations",
];
const TICKETS_URGENT: [&str; 8] = [
    "Nobody in our finance team can log in",
    "Automation closed 300 tasks by mistake",
    "API returns errors since this morning",
    "Tasks missing after import",
    "Single sign-on broken after certificate change",
    "Report shows wrong totals before board meeting",
    "Integration has not synced for two days",
    "Permissions: external users see internal project",
];
const TICKETS_OUTAGE: [&str; 4] = [
    "Trellis is not reachable",
    "Pages time out for everybody here",
    "Is there an outage?",
    "Work lost when saving during the outage",
];
const COMMENTS_GOOD: [&str; 12] = [
    "It simply works and our CSM answers within the hour.",
    "We cut our approval time in half. I tell everybody about it.",
    "Love the dashboards, finally one place for everything.",
    "Great onboarding, the team was productive in two weeks.",
    "Support is friendly and fast.",
    "Best tool change we made in years.",
    "The automations save us a day a week.",
    "Reliable, clear, and it keeps getting better.",
    "Our auditors like it, and that says a lot.",
    "Easy to explain to new colleagues.",
    "Excellent partnership, they understand our business.",
    "Very happy with the latest reports.",
];
const COMMENTS: [&str; 10] = [
    "Good product, but exports need work.",
    "Does what it should. Some pages are slow.",
    "Fine for our project managers, less so for occasional users.",
    "Solid, though the permissions are hard to understand.",
    "Happy overall; would like fewer notifications.",
    "Useful, but we only use part of what we pay for.",
    "Support is good, release notes could be clearer.",
    "OK. The mobile version is behind.",
    "It took longer than planned, now it is fine.",
    "Reporting is decent, not great.",
];
const COMMENTS_BAD: [&str; 12] = [
    "Too expensive for what we use.",
    "Tickets stay open for weeks and nobody tells us why.",
    "Most of the team went back to spreadsheets.",
    "Confusing after the last update, nobody asked us.",
    "It was slow exactly when we had to close the month. Not acceptable.",
    "We never got the integration we were promised.",
    "Slow, and it loses changes. We are looking at alternatives.",
    "No idea who our contact is since the last one left.",
    "Hard to use, training did not help.",
    "We do not see the value any more.",
    "Poor support, we had to find the workaround ourselves.",
    "Disappointed. It looked much better in the demonstration.",
];
const SENTIMENTS_GOOD: [&str; 4] = [
    "Strong sponsor, goals on track.",
    "Growing and asking for more.",
    "Uses us daily, would be a good reference.",
    "Pleasant, quick to answer, knows what they want.",
];
const SENTIMENTS: [&str; 4] = [
    "Stable, nothing alarming, nothing exciting.",
    "Good users, but nobody in management knows us.",
    "Waiting for their reorganisation to settle.",
    "Fine as long as the exports get better.",
];
const SENTIMENTS_BAD: [&str; 5] = [
    "Quiet for weeks. I do not have a good feeling.",
    "I no longer know who decides there.",
    "They are comparing vendors.",
    "Too many open tickets for too long.",
    "Value not visible to the person who pays.",
];
