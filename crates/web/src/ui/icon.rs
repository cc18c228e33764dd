//! The line icons, drawn on a 24-unit grid in the colour of the text beside them.
//!
//! An icon is always decoration: it is hidden from screen readers and never stands without a word (a visually hidden
//! one at least), so there is no way to give it a label here. Filled, coloured and animated icons are absent.

use maud::{Markup, Render, html};

/// One of the line icons; renders itself as SVG that assistive technology skips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A house: the member's own page.
    Home,
    /// A list: the portfolio.
    List,
    /// Lanes of a board: calls to action.
    Board,
    /// Rising bars: the executive page.
    Chart,
    /// A flag: goals.
    Flag,
    /// A cut stone: lifetime value.
    Gem,
    /// Two stacks of coins: revenue.
    Coins,
    /// A line that opens into a fan: the forecast.
    Fan,
    /// A plug: sources.
    Plug,
    /// Sliders: settings.
    Sliders,
    /// A half-filled disc: the theme switch.
    Theme,
    /// A magnifier.
    Search,
    /// A door with an arrow: sign out.
    Leave,
    /// An arrow to the left.
    Back,
    /// An arrow to the right.
    Forward,
    /// A cross: close or remove.
    Close,
    /// A warning triangle.
    Warning,
    /// A tick.
    Done,
    /// A clock: freshness and snoozing.
    Clock,
    /// A plus: create.
    Plus,
    /// Three dots: more actions.
    More,
    /// An arrow into a tray: download.
    Download,
}

impl Icon {
    /// The outline as SVG path data.
    const fn path(self) -> &'static str {
        match self {
            Self::Home => "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
            Self::List => "M4 6h16M4 12h16M4 18h10",
            Self::Board => "M4 5h4.5v14H4zM15.5 5H20v8h-4.5zM9.75 5h4.5v10h-4.5z",
            Self::Chart => "M4 20h16M7 16v-4M12 16V6M17 16V9",
            Self::Flag => "M6 21V4M6 4.5h12l-3 4 3 4H6",
            Self::Gem => "M7 5h10l4 5.5L12 20 3 10.5zM3 10.5h18M9 10.5 12 20l3-9.5M9 10.5 12 5l3 5.5",
            Self::Coins => {
                "M5 8c0-1.7 2-3 4.5-3S14 6.3 14 8s-2 3-4.5 3S5 9.7 5 8zM5 8v8c0 1.7 2 3 4.5 3M14 8v3M10.5 15c0-1.7 2-3 4.5-3s4.5 1.3 4.5 3-2 3-4.5 3-4.5-1.3-4.5-3zM10.5 15v2.5c0 1.7 2 3 4.5 3s4.5-1.3 4.5-3V15"
            }
            Self::Fan => "M3 16l6-4 11-7M9 12h11M9 12l11 7",
            Self::Plug => "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
            Self::Sliders => "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
            Self::Theme => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8.5h6.5M12 12h8M12 15.5h6.5",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5",
            Self::Leave => "M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5",
            Self::Back => "M14.5 5.5 8 12l6.5 6.5",
            Self::Forward => "M9.5 5.5 16 12l-6.5 6.5",
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::Warning => "M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.1",
            Self::Done => "M5 12.5 10 17.5 19.5 7",
            Self::Clock => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 1.8",
            Self::Plus => "M12 5v14M5 12h14",
            Self::More => "M5 12h.1M12 12h.1M19 12h.1",
            Self::Download => "M12 4v11M7.5 11 12 15.5 16.5 11M4 19.5h16",
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        html! { svg.icon width="18" height="18" viewBox="0 0 24 24" aria-hidden="true" focusable="false" { path d=(self.path()) {} } }
    }
}
