//! The form of the import page as it arrives: a file, what its rows are, perhaps a
//! mapping, and which button was pressed. Its size was counted at the gate.

use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};

use crate::problem::{Answer, Problem};

/// What was sent.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// What the rows are.
    pub(super) object: String,
    /// The mapping as it was typed.
    mapping: String,
    /// The sheet of a workbook as it was typed.
    pub(super) sheet: String,
    /// Whether everything is to be taken back.
    pub(super) dry_run: bool,
    /// What the file is called.
    pub(super) file_name: String,
    /// The file.
    pub(super) file: Bytes,
}

impl Upload {
    /// The mapping to use; nothing but spaces means that it is to be guessed.
    pub(super) fn mapping(&self) -> Option<&str> {
        Some(self.mapping.as_str()).filter(|mapping| !mapping.trim().is_empty())
    }

    /// The sheet to read; nothing but spaces means that it is to be found.
    pub(super) fn sheet(&self) -> Option<&str> {
        Some(self.sheet.trim()).filter(|sheet| !sheet.is_empty())
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let form = Multipart::from_request(request, state).await;
        let mut form = form.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
        // Whoever presses no known button only wants to look.
        let mut upload = Self { dry_run: true, ..Self::default() };
        while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
            match field.name().unwrap_or_default() {
                "object" => upload.object = text(field).await?,
                "sheet" => upload.sheet = text(field).await?,
                "mapping" => upload.mapping = text(field).await?,
                "do" => upload.dry_run = text(field).await? != "import",
                "file" => {
                    upload.file_name = field.file_name().unwrap_or_default().to_owned();
                    upload.file = field.bytes().await.map_err(|error| broken(&error))?;
                }
                other => return Err(Problem::malformed(format!("The form has no field `{other}`."))),
            }
        }
        Ok(upload)
    }
}

async fn text(field: Field<'_>) -> Answer<String> {
    field.text().await.map_err(|error| broken(&error))
}

fn broken(error: &MultipartError) -> Problem {
    Problem::malformed(error.body_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    async fn send(fields: &[(&str, &str)]) -> Answer<Upload> {
        let parts = fields
            .iter()
            .map(|(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        let body = parts.chain(["--b--\r\n".to_owned()]).collect::<Vec<_>>().concat();
        let request = Request::builder().method("POST").header("content-type", "multipart/form-data; boundary=b");
        Upload::from_request(request.body(Body::from(body)).unwrap(), &()).await
    }

    #[tokio::test]
    async fn only_the_import_button_imports() {
        let upload = send(&[("object", "accounts"), ("file", "id\n1\n"), ("mapping", " \n"), ("do", "import")]).await;
        let upload = upload.unwrap();
        assert_eq!((upload.object.as_str(), upload.mapping(), upload.dry_run), ("accounts", None, false));
        assert_eq!(upload.file, "id\n1\n");
        assert!(send(&[("object", "accounts"), ("file", "x")]).await.unwrap().dry_run);
        assert!(send(&[("do", "dry_run")]).await.unwrap().dry_run);
    }

    #[tokio::test]
    async fn what_is_no_such_form_is_refused() {
        assert_eq!(send(&[("role", "admin")]).await.unwrap_err().status.as_u16(), 400);
        let plain = Request::builder().method("POST").header("content-type", "text/csv");
        let plain = Upload::from_request(plain.body(Body::from("id\n1\n")).unwrap(), &()).await;
        assert_eq!(plain.unwrap_err().status.as_u16(), 400);
    }
}
