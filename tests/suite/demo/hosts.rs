//! The hosts of the demo, as a probe sees them.

use reqwest::header::HOST;
use tokenscope::demo::Demo;
use tokenscope::domain::access::probe::DEMO_SECRET;

use super::{Answer, client, now, read, tokens_of};
use crate::support::table::rows;

/// Requests a URL without a token, or with an ID and a secret.
async fn ask(demo: &Demo, url: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    let url = url::Url::parse(url).unwrap();
    let target = format!("http://{}{}", demo.address, url.path());
    let mut request = client().get(target).header(HOST, url.host_str().unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Some(read(request.send().await.ok()?).await)
}

/// The status and who answered, such as `403 access`.
fn summary(answer: Option<&Answer>) -> String {
    let Some(answer) = answer else {
        return "closed".to_owned();
    };
    let header = |name: &str| answer.headers.get(name).map(|it| it.to_str().unwrap());
    let is_login = header("location").is_some_and(|to| to.contains("/cdn-cgi/access/login/"));
    let is_page = answer.body.contains("error code: 1010") || answer.body.contains("been blocked");
    let who = if header("cf-access-aud").is_some() || is_login {
        assert!(header("cf-access-domain").is_some(), "half a stamp");
        "access"
    } else if header("cf-mitigated").is_some() || is_page {
        "waf"
    } else {
        "origin"
    };
    format!("{} {who}", answer.status)
}

/// URL, token, secret, the answer without the token, the answer with it.
const ANSWERS: &str = "
https://deploy.example.com/hooks | CI/CD token | demo-secret | 401 access | 200 origin
https://deploy.example.com/hooks/42 | CI/CD token | demo-secret | 401 access | 200 origin
https://deploy.example.com/hooks | CI/CD token | other | 401 access | 401 access
https://deploy.example.com/hooks | github-actions-deploy | demo-secret | 401 access | 401 access
https://deploy.example.com/ | CI/CD token | demo-secret | 404 origin | 404 origin
https://api.example.com/ | CI/CD token | demo-secret | 302 access | 200 origin
https://registry.example.com/ | github-actions-deploy | demo-secret | 302 access | 401 origin
https://health.example.com/ | tunnel-health-probe | demo-secret | 403 access | 403 origin
https://soap.example.com/ | legacy-soap-bridge (slow reply) | demo-secret | 403 access | 530 origin
https://backups.example.com/ | nightly-backup-legacy | demo-secret | 403 access | 403 access
https://audit.example.com/ | vendor-audit-2025 | demo-secret | 403 access | 403 access
https://metrics.example.com/ | CI/CD token | demo-secret | 302 access | 302 access
https://metrics.example.com/-/healthy | CI/CD token | demo-secret | 403 access | 200 origin
https://wiki.example.com/ | partner-webhooks | demo-secret | 302 access | 302 access
https://billing.example.com/export | warehouse-etl | demo-secret | 403 access | 403 access
https://admin.example.com/ | CI/CD token | demo-secret | 302 access | 302 access
https://grafana.example.com/ | tunnel-health-probe | demo-secret | 302 access | 302 access
https://pos.example.com/ | Café Zürich ☕ point of sale | demo-secret | 403 access | 403 access
https://mcp.example.com/ | github-actions-deploy | demo-secret | 401 access | 200 origin
https://pr-7.preview.example.com/ | staging-e2e | demo-secret | 302 access | 200 origin
https://v1.example.com/ | migrated-from-v1 | demo-secret | 403 access | 404 origin
https://shop.example.com/ | CI/CD token | demo-secret | 403 waf | 403 waf
https://forum.example.com/ | CI/CD token | demo-secret | 403 waf | 403 waf
https://files.example.com/ | CI/CD token | demo-secret | 403 access | 403 waf
https://status.example.com/ | tunnel-health-probe | demo-secret | 200 origin | 200 origin
https://www.example.com/ | CI/CD token | demo-secret | 200 origin | 200 origin
https://example.com/ | CI/CD token | demo-secret | 301 origin | 301 origin
https://lab.example.com/ | CI/CD token | demo-secret | 530 origin | 530 origin
https://closing.example.com/ | CI/CD token | demo-secret | closed | closed
https://typo.example.com/ | CI/CD token | demo-secret | 404 origin | 404 origin
https://stock.branch.example.com/ | store-inventory-sync | demo-secret | 302 access | 200 origin
https://stock.branch.example.com/ | store-inventory-sync | other | 302 access | 401 access
https://stock.branch.example.com/returns | store-inventory-sync | demo-secret | 302 access | 403 access
https://tills.branch.example.com/ | till-updater | other | 302 access | 401 access
https://tills.branch.example.com/ | till-updater | demo-secret | 302 access | 403 access
https://heartbeat.branch.example.com/ | delivery-tracker | demo-secret | 403 access | 200 origin
https://labels.branch.example.com/ | shelf-labels | demo-secret | 302 access | 403 access
";

#[tokio::test]
async fn each_host_answers_as_documented() {
    let demo = Demo::start(now()).await.unwrap();
    let mut tokens = tokens_of(&demo, tokenscope::demo::ACCOUNT).await;
    tokens.extend(tokens_of(&demo, tokenscope::demo::FILTERED_ACCOUNT).await);
    for [url, name, secret, without, with] in rows(ANSWERS) {
        let token = tokens.iter().find(|token| token.name_text() == name);
        let client_id = token.unwrap().client_id_text();
        let bare = ask(&demo, url, &[]).await;
        assert_eq!(summary(bare.as_ref()), without, "{url}");
        let pair = [
            ("CF-Access-Client-Id", client_id),
            ("CF-Access-Client-Secret", secret),
        ];
        let second = ask(&demo, url, &pair).await;
        assert_eq!(summary(second.as_ref()), with, "{url} with {name}");
    }
}

#[tokio::test]
async fn an_app_may_read_id_and_secret_from_one_header_only() {
    let demo = Demo::start(now()).await.unwrap();
    let url = "https://mobile.example.com/v2";
    let json = |secret: &str| {
        let id = "bbc65c20e5e46ea1f9a3c66f307e80ff.access";
        format!(r#"{{"cf-access-client-id":"{id}","cf-access-client-secret":"{secret}"}}"#)
    };
    let pair = [
        (
            "CF-Access-Client-Id",
            "bbc65c20e5e46ea1f9a3c66f307e80ff.access",
        ),
        ("CF-Access-Client-Secret", DEMO_SECRET),
    ];
    assert_eq!(summary(ask(&demo, url, &pair).await.as_ref()), "403 access");
    for (secret, expected) in [(DEMO_SECRET, "200 origin"), ("other", "403 access")] {
        let answer = ask(&demo, url, &[("Authorization", &json(secret))]).await;
        assert_eq!(summary(answer.as_ref()), expected);
    }
}
