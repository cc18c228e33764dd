//! The importable fields of a contact. A contact without an id of its own is known
//! by its mail address; first and last name are joined.

use super::choice::CONTACT_ROLE;
use super::field::{Field, Kind, LINE, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(
        KEY,
        Kind::Key,
        &["contactid", "userid", "personid", "id", "key", "kontaktid"],
        "The contact's id in the source; the mail address where there is none.",
    ),
    required(
        "account",
        Kind::Ref(Object::Account),
        &[
            "accountid",
            "companyid",
            "customerid",
            "groupid",
            "organizationid",
            "organisationid",
            "orgid",
            "company",
            "customer",
            "kundennummer",
            "kundennr",
        ],
        "The account the person belongs to.",
    ),
    field(
        "name",
        Kind::Text(LINE),
        &["fullname", "contactname", "displayname", "contact", "kontakt"],
        "What the person is called.",
    ),
    field(
        "first_name",
        Kind::Text(LINE),
        &["firstname", "givenname", "vorname"],
        "Given name, joined with the last name.",
    ),
    field(
        "last_name",
        Kind::Text(LINE),
        &["lastname", "surname", "familyname", "nachname"],
        "Family name, joined with the first name.",
    ),
    field("email", Kind::Email, &["mail", "emailaddress", "contactemail", "workemail"], "Mail address."),
    field("title", Kind::Text(LINE), &["jobtitle", "position", "funktion", "titel"], "Job title."),
    field("role", Kind::Choice(CONTACT_ROLE), &["contactrole", "persona", "rolle"], "What the person is to us."),
    field(
        "effective_from",
        Kind::Day,
        &["startdate", "from", "joinedon", "created", "createdat"],
        "Since when the person is at the account.",
    ),
    field("effective_to", Kind::Day, &["enddate", "to", "lefton"], "The first day the person is no longer there."),
];
