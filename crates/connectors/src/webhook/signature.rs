//! Whether a request was signed by who holds the secret, over exactly these bytes, and lately. While a secret is being
//! changed there are two, and either will do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;

use super::{Algorithm, Encoding, REPLAY_SECONDS, Request, Scheme, Sender, hmac_of};

/// Why a request was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It carries no signature.
    #[error("the request carries no signature: check that this address is used by this sender only")]
    Unsigned,
    /// Its signature or its time cannot be read.
    #[error("the signature cannot be read: check that the source is of the right kind of sender")]
    Unreadable,
    /// It was signed too long ago, or in the future.
    #[error("the signature is older than {REPLAY_SECONDS} seconds: check the clocks, or send the message again")]
    Stale,
    /// It was signed with another secret, or changed on its way.
    #[error("the signature does not fit: check the secret")]
    Forged,
}

impl Unverified {
    /// A stable word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Unreadable => "unreadable_signature",
            Self::Stale => "stale_signature",
            Self::Forged => "wrong_signature",
        }
    }
}

/// What a request claims: signatures, one of which must fit, and what they are over.
struct Claim {
    algorithm: Algorithm,
    signatures: Vec<Vec<u8>>,
    before: Vec<u8>,
    after: Vec<u8>,
    /// When it says it was signed, in seconds.
    signed_at: Option<i64>,
}

/// Whether a request is from `sender`, who holds one of these secrets.
pub fn verify(sender: &Sender, secrets: &[String], request: &Request<'_>) -> Result<(), Unverified> {
    let claim = match sender {
        Sender::Stripe => stripe(request)?,
        Sender::Hubspot => hubspot(request)?,
        Sender::Zendesk => zendesk(request)?,
        Sender::Intercom => prefixed(request, "x-hub-signature", "sha1=", Algorithm::Sha1)?,
        Sender::Slack => slack(request)?,
        Sender::Standard => standard(request)?,
        Sender::Hmac(scheme) => by_scheme(request, scheme)?,
    };
    let now = request.received_at.timestamp();
    if claim.signed_at.is_some_and(|at| (now - at).abs() > REPLAY_SECONDS) {
        return Err(Unverified::Stale);
    }
    let parts: [&[u8]; 3] = [&claim.before, request.body, &claim.after];
    let fits = secrets
        .iter()
        .map(|secret| key(sender, secret))
        .any(|key| claim.signatures.iter().any(|signature| hmac_of::matches(claim.algorithm, &key, &parts, signature)));
    if fits { Ok(()) } else { Err(Unverified::Forged) }
}

/// The bytes of a secret: what follows `whsec_` is base64 in Standard Webhooks, and plain text everywhere else.
fn key(sender: &Sender, secret: &str) -> Vec<u8> {
    let decoded = match sender {
        Sender::Standard => STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok(),
        _ => None,
    };
    decoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

fn header(request: &Request<'_>, name: &str) -> Result<String, Unverified> {
    (request.header)(name).filter(|value| !value.trim().is_empty()).ok_or(Unverified::Unsigned)
}

fn seconds(text: &str) -> Result<i64, Unverified> {
    text.trim().parse().map_err(|_| Unverified::Unreadable)
}

fn decoded<'t>(encoding: Encoding, texts: impl Iterator<Item = &'t str>) -> Result<Vec<Vec<u8>>, Unverified> {
    let signatures: Vec<_> = texts.filter_map(|text| hmac_of::decode(encoding, text)).collect();
    if signatures.is_empty() { Err(Unverified::Unreadable) } else { Ok(signatures) }
}

/// `t=1492774577,v1=5257…,v1=…` over `t.body`.
fn stripe(request: &Request<'_>) -> Result<Claim, Unverified> {
    let text = header(request, "stripe-signature")?;
    let pairs = || text.split(',').filter_map(|pair| pair.trim().split_once('='));
    let at = pairs().find(|(name, _)| *name == "t").ok_or(Unverified::Unreadable)?.1;
    let signatures = decoded(Encoding::Hex, pairs().filter(|(name, _)| *name == "v1").map(|(_, value)| value))?;
    let signed_at = Some(seconds(at)?);
    Ok(Claim {
        algorithm: Algorithm::Sha256,
        signatures,
        before: format!("{at}.").into(),
        after: Vec::new(),
        signed_at,
    })
}

/// Base64 over method, address, body and the time in milliseconds.
fn hubspot(request: &Request<'_>) -> Result<Claim, Unverified> {
    let text = header(request, "x-hubspot-signature-v3")?;
    let at = header(request, "x-hubspot-request-timestamp")?;
    let signatures = decoded(Encoding::Base64, std::iter::once(text.as_str()))?;
    let before = format!("{}{}", request.method, readable(request.uri)).into_bytes();
    let signed_at = Some(seconds(&at)? / 1_000);
    Ok(Claim { algorithm: Algorithm::Sha256, signatures, before, after: at.into_bytes(), signed_at })
}

/// The address with the characters decoded that `HubSpot` decodes before it signs.
fn readable(uri: &str) -> String {
    const DECODED: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    DECODED.iter().fold(uri.to_owned(), |uri, (code, letter)| {
        uri.replace(code, letter).replace(&code.to_ascii_lowercase(), letter)
    })
}

/// Base64 over the time, ISO 8601 as written, and the body.
fn zendesk(request: &Request<'_>) -> Result<Claim, Unverified> {
    let text = header(request, "x-zendesk-webhook-signature")?;
    let at = header(request, "x-zendesk-webhook-signature-timestamp")?;
    let signatures = decoded(Encoding::Base64, std::iter::once(text.as_str()))?;
    let signed_at = DateTime::parse_from_rfc3339(at.trim()).map_err(|_| Unverified::Unreadable)?.timestamp();
    let before = at.into_bytes();
    Ok(Claim { algorithm: Algorithm::Sha256, signatures, before, after: Vec::new(), signed_at: Some(signed_at) })
}

/// Hexadecimal after a prefix, over the body alone.
fn prefixed(request: &Request<'_>, name: &str, prefix: &str, algorithm: Algorithm) -> Result<Claim, Unverified> {
    let text = header(request, name)?;
    let signatures = decoded(Encoding::Hex, text.trim().strip_prefix(prefix).into_iter())?;
    Ok(Claim { algorithm, signatures, before: Vec::new(), after: Vec::new(), signed_at: None })
}

/// `v0=…` over `v0:time:body`.
fn slack(request: &Request<'_>) -> Result<Claim, Unverified> {
    let claim = prefixed(request, "x-slack-signature", "v0=", Algorithm::Sha256)?;
    let at = header(request, "x-slack-request-timestamp")?;
    Ok(Claim { before: format!("v0:{at}:").into(), signed_at: Some(seconds(&at)?), ..claim })
}

/// `v1,base64 v1,base64` over `id.time.body`.
fn standard(request: &Request<'_>) -> Result<Claim, Unverified> {
    let text = header(request, "webhook-signature")?;
    let (id, at) = (header(request, "webhook-id")?, header(request, "webhook-timestamp")?);
    let signatures = decoded(Encoding::Base64, text.split(' ').filter_map(|each| each.strip_prefix("v1,")))?;
    let before = format!("{id}.{at}.").into_bytes();
    let signed_at = Some(seconds(&at)?);
    Ok(Claim { algorithm: Algorithm::Sha256, signatures, before, after: Vec::new(), signed_at })
}

fn by_scheme(request: &Request<'_>, scheme: &Scheme) -> Result<Claim, Unverified> {
    let text = header(request, &scheme.header.to_ascii_lowercase())?;
    let signatures = decoded(scheme.encoding, text.trim().strip_prefix(scheme.prefix.as_str()).into_iter())?;
    let (before, signed_at) = match &scheme.timestamp_header {
        Some(name) => {
            let at = header(request, &name.to_ascii_lowercase())?;
            (format!("{at}.").into_bytes(), Some(seconds(&at)?))
        }
        None => (Vec::new(), None),
    };
    Ok(Claim { algorithm: scheme.algorithm, signatures, before, after: Vec::new(), signed_at })
}
