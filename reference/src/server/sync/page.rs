//! The chat page for browsers, served from the server's own port: static files without a build step.

use crate::server::Page;

pub(super) fn at(path: &str) -> Option<Page> {
    let (media_type, content) = match path {
        "/" => ("text/html; charset=utf-8", include_str!("page/index.html")),
        "/page.css" => ("text/css; charset=utf-8", include_str!("page/page.css")),
        "/page.js" => ("text/javascript; charset=utf-8", include_str!("page/page.js")),
        "/connection.js" => ("text/javascript; charset=utf-8", include_str!("page/connection.js")),
        _ => return None,
    };
    Some(Page { media_type, content })
}
