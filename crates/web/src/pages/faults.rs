//! What was wrong with a form that is shown again. A problem whose author is the
//! reader (a field, a clash with what is there) goes back into the form with what
//! was typed; every other problem is not mended by typing and passes on.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::problem::{Answer, Problem};
use crate::ui::notice;

/// The faults of one submission; none when the form is shown for the first time.
#[derive(Debug, Default)]
pub(super) struct Faults(Option<Problem>);

impl Faults {
    /// Takes what the reader can correct; anything else is passed on.
    pub(super) fn of(problem: Problem) -> Answer<Self> {
        match problem.status {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => Ok(Self(Some(problem))),
            _ => Err(problem),
        }
    }

    /// What is wrong with one field, in sentences; nothing where there are none.
    pub(super) fn of_all(field: &str, sentences: &[String]) -> Self {
        Self((!sentences.is_empty()).then(|| Problem::invalid(field, sentences.join(" "))))
    }

    /// What is wrong with a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let problem = self.0.as_ref()?;
        problem.fields.iter().find(|fault| fault.field == name).map(|fault| fault.message.as_str())
    }

    /// What is wrong beyond the fields that `shown` will say themselves.
    pub(super) fn notice(&self, shown: &[&str]) -> Markup {
        let Some(problem) = &self.0 else { return html! {} };
        let others = problem.fields.iter().filter(|fault| !shown.contains(&fault.field.as_str()));
        let others: Vec<&str> = others.map(|fault| fault.message.as_str()).collect();
        let advice = problem.advice.as_deref().unwrap_or_default();
        match (others.is_empty(), problem.fields.is_empty()) {
            (false, _) => notice::error(&others.join(" "), advice),
            (true, true) => notice::error(&problem.detail, advice),
            (true, false) => html! {},
        }
    }

    /// The status of the page that shows the form.
    pub(super) fn status(&self) -> StatusCode {
        if self.0.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_stands_at_its_field_or_above_the_form() {
        let faults = Faults::of(Problem::invalid("name", "This must not be empty.")).unwrap();
        assert_eq!(faults.field("name"), Some("This must not be empty."));
        assert_eq!(faults.field("email"), None);
        assert_eq!(faults.notice(&["name"]).into_string(), "");
        assert!(faults.notice(&["email"]).into_string().contains("This must not be empty."));
        let clash = Faults::of(Problem::conflict("There is one already.")).unwrap();
        assert!(clash.notice(&["name"]).into_string().contains("There is one already."));
        assert_eq!(clash.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn what_typing_does_not_mend_passes_on() {
        assert!(Faults::of(Problem::not_found()).is_err());
        assert_eq!(Faults::default().status(), StatusCode::OK);
        assert_eq!(Faults::default().notice(&[]).into_string(), "");
    }
}
