//! Form fields with a label, a hint and an error, and the buttons beside them.
//!
//! A [`Field`] knows what every kind of field needs; the functions differ only in the control they draw. An error is
//! tied to its control by `aria-describedby` and says what to do. Validation itself is absent: the server decides.

use maud::{Markup, html};

/// What any field needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Field<'a> {
    /// The parameter; also the control's id.
    pub name: &'a str,
    /// The label.
    pub label: &'a str,
    /// The value now.
    pub value: &'a str,
    /// One line of help; empty for none.
    pub hint: &'a str,
    /// What is wrong and what to do; empty when nothing is.
    pub error: &'a str,
    /// Whether it must be filled in.
    pub required: bool,
}

impl<'a> Field<'a> {
    /// A field with a name and a label.
    pub fn new(name: &'a str, label: &'a str) -> Self {
        Self { name, label, ..Self::default() }
    }

    /// Sets the value.
    #[must_use]
    pub const fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// Sets the line of help.
    #[must_use]
    pub const fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// Sets what is wrong; `None` when nothing is.
    #[must_use]
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error.unwrap_or_default();
        self
    }

    /// Makes it mandatory.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    fn described_by(&self) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = (!self.error.is_empty()).then(|| format!("{}-error", self.name));
        match (hint, error) {
            (Some(hint), Some(error)) => Some(format!("{hint} {error}")),
            (hint, error) => hint.or(error),
        }
    }

    fn invalid(&self) -> Option<&'static str> {
        (!self.error.is_empty()).then_some("true")
    }

    fn wrap(&self, control: &Markup) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) @if !self.required { small.muted { " optional" } } }
                (control)
                @if !self.hint.is_empty() { p.hint id=(format!("{}-hint", self.name)) { (self.hint) } }
                @if !self.error.is_empty() { p.error id=(format!("{}-error", self.name)) { (self.error) } }
            }
        }
    }
}

/// Renders a secret that is nobody's password here, so that no browser fills it in or keeps it as one.
pub fn secret(field: &Field<'_>) -> Markup {
    field.wrap(&html! {
        input type="password" id=(field.name) name=(field.name) required[field.required] autocomplete="new-password"
            aria-invalid=[field.invalid()] aria-describedby=[field.described_by()];
    })
}

/// Renders one line of text; `kind` is the input's type: `text`, `email`, `password`, `date`, `number`, `url`.
pub fn input(kind: &str, field: &Field<'_>) -> Markup {
    let autocomplete = match kind {
        "email" => Some("email"),
        "password" => Some("current-password"),
        _ => None,
    };
    field.wrap(&html! {
        input type=(kind) id=(field.name) name=(field.name) value=(field.value) required[field.required]
            step=[(kind == "number").then_some("any")] autocomplete=[autocomplete]
            aria-invalid=[field.invalid()] aria-describedby=[field.described_by()];
    })
}

/// Renders several lines of text.
pub fn textarea(rows: u8, field: &Field<'_>) -> Markup {
    field.wrap(&html! {
        textarea id=(field.name) name=(field.name) rows=(rows) required[field.required]
            aria-invalid=[field.invalid()] aria-describedby=[field.described_by()] { (field.value) }
    })
}

/// Renders an expression or another definition: several lines in a fixed-width face, without spelling help.
pub fn code(rows: u8, field: &Field<'_>) -> Markup {
    field.wrap(&html! {
        textarea.code id=(field.name) name=(field.name) rows=(rows) spellcheck="false" autocapitalize="off"
            autocomplete="off" required[field.required] aria-invalid=[field.invalid()]
            aria-describedby=[field.described_by()] { (field.value) }
    })
}

/// Renders a drop-down; `options` are value and text.
pub fn select(options: &[(&str, &str)], field: &Field<'_>) -> Markup {
    field.wrap(&html! {
        select id=(field.name) name=(field.name) required[field.required]
            aria-invalid=[field.invalid()] aria-describedby=[field.described_by()] {
            @for (value, text) in options { option value=(value) selected[*value == field.value] { (text) } }
        }
    })
}

/// Renders a tick box that sends `on` when ticked.
pub fn checkbox(checked: bool, field: &Field<'_>) -> Markup {
    html! {
        div.field.check {
            input type="checkbox" id=(field.name) name=(field.name) checked[checked]
                aria-invalid=[field.invalid()] aria-describedby=[field.described_by()];
            label for=(field.name) { (field.label) }
            @if !field.hint.is_empty() { p.hint id=(format!("{}-hint", field.name)) { (field.hint) } }
            @if !field.error.is_empty() { p.error id=(format!("{}-error", field.name)) { (field.error) } }
        }
    }
}

/// Renders the button that sends the form.
pub fn submit(label: &str) -> Markup {
    html! { button.btn.primary { (label) } }
}

/// Renders a second choice beside the main button: sends `name=value` with the form.
pub fn choice(name: &str, value: &str, label: &str) -> Markup {
    html! { button.btn name=(name) value=(value) { (label) } }
}

/// Renders a link that looks like a button.
pub fn link_button(link: &super::Link, label: &str) -> Markup {
    html! { a.btn href=(link) { (label) } }
}

/// Renders the page's main action as a link.
pub fn primary_link(link: &super::Link, label: &str) -> Markup {
    html! { a.btn.primary href=(link) { (label) } }
}

/// Renders a form of one button that changes something by POST; with JavaScript the answer swaps the fragment `target`.
pub fn action(link: &super::Link, label: &str, target: &str) -> Markup {
    html! {
        form.inline action=(link) method="post" data-post=[(!target.is_empty()).then_some(target)] {
            button.btn { (label) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_tied_to_its_control() {
        let field =
            Field::new("email", "Email").hint("Work address").error(Some("Write it as name@company")).required();
        let html = input("email", &field).into_string();
        assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"email-hint email-error\""), "{html}");
        assert!(html.contains("<p class=\"error\" id=\"email-error\">Write it as name@company</p>"), "{html}");
        assert!(!html.contains("optional"));
    }

    #[test]
    fn what_a_member_typed_comes_back_escaped() {
        let html = textarea(3, &Field::new("note", "Note").value("</textarea><b>")).into_string();
        assert!(html.contains("&lt;/textarea&gt;&lt;b&gt;") && html.contains("optional"), "{html}");
    }
}
