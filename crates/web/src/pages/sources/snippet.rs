//! What to write where, so that facts arrive: one request by hand, and the two
//! settings of a Segment SDK. The key is the whole one on the page that made it,
//! and a placeholder that begins like it ever after.

use maud::{Markup, html};

/// The ways to send, for a server at `site` and a write key.
pub(super) fn sending(site: &str, key: &str) -> Markup {
    let curl = format!(
        "curl {site}/v1/track -u {key}: \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"userId\": \"u-1\", \
         \"event\": \"Report Exported\", \"context\": {{\"groupId\": \"acme\"}}}}'"
    );
    let browser = format!(
        "const analytics = new Analytics({{ writeKey: '{key}', host: '{site}' }});\n\
         analytics.group({{ userId: 'u-1', groupId: 'acme', traits: {{ name: 'Acme Ltd' }} }});\n\
         analytics.track({{ userId: 'u-1', event: 'Report Exported' }});"
    );
    let server = format!("client = Client('{key}', host='{site}')\nclient.track('u-1', 'Report Exported')");
    html! {
        h3 { "By hand" }
        pre.sample { code { (curl) } }
        h3 { "Segment SDK, Node" }
        pre.sample { code { (browser) } }
        h3 { "Segment SDK, Python" }
        pre.sample { code { (server) } }
        p.muted { "A " code { "group" } " message says which account a user belongs to; events sent before it are kept and \
            attributed once it is known. An answer of 200 means that everything is committed." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_user_of_the_request_and_the_host_is_ours() {
        let html = sending("https://pomona.example", "wk_Ab12…").into_string();
        assert!(html.contains("curl https://pomona.example/v1/track -u wk_Ab12…: \\"), "{html}");
        assert!(html.contains("writeKey: 'wk_Ab12…', host: 'https://pomona.example'"), "{html}");
        assert!(html.contains("{&quot;userId&quot;: &quot;u-1&quot;, &quot;event&quot;"), "{html}");
    }

    #[test]
    fn a_host_somebody_made_up_stays_text() {
        assert!(!sending("http://<script>", "k").into_string().contains("<script>"));
    }
}
