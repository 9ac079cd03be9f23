"""Settings, from the environment alone. docs/settings.md explains every variable.

Two modes. `local` is for one's own machine: an embedded database, a secret key made and kept in
the data folder, plain HTTP. Without it the mode is `production`, which has no default for
anything that matters. A missing or ill-typed variable stops the start.
"""

import os
import secrets
import sys
from pathlib import Path

import dj_database_url
import plotly
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from environs import Env, EnvValidationError
from marshmallow.validate import OneOf, Range, Regexp

BASE_DIR = Path(__file__).resolve().parent.parent
EXPLAINED_IN = "docs/settings.md"

env = Env(eager=False)
env.read_env(str(BASE_DIR / ".env"), recurse=False)


def seal(env: Env) -> None:
    """Stop the start with one line for each variable that is missing or ill-typed."""
    try:
        env.seal()
    except EnvValidationError as error:
        problems = [
            f"{name}: {' '.join(map(str, messages))}"
            for name, messages in dict(error.error_messages).items()  # type: ignore[arg-type]
        ]
        raise ImproperlyConfigured(
            "These settings from the environment cannot be used "
            f"(explained in {EXPLAINED_IN}):\n  " + "\n  ".join(sorted(problems))
        ) from None


def kept_secret(path: Path) -> str:
    """Return the secret in that file, made on first use and readable by its owner only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(
            f"Nothing can be written into {path.parent} ({error.strerror}): set CASEBOOK_DATA to a "
            f"folder of your own (explained in {EXPLAINED_IN})."
        ) from None
    return path.read_text()


SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE_WORDS = "Write it as 600/minute, or none."
RATE = r"(none|[1-9][0-9]{0,8}/(second|minute|hour|day))\Z"


def rate(name: str, default: str) -> tuple[int, int]:
    """Return requests and seconds of a rate such as 600/minute; none is (0, 1)."""
    asked = env.str(name, default, validate=Regexp(RATE, error=RATE_WORDS))
    number, _slash, unit = str(asked).partition("/")
    return (int(number), SECONDS[unit]) if unit in SECONDS and number.isdigit() else (0, 1)


MODE = env.str("CASEBOOK_MODE", "production", validate=OneOf(["local", "production"]))
LOCAL = MODE == "local"
DATA_DIR = Path(env.str("CASEBOOK_DATA", "") or BASE_DIR / "data").absolute()
DEBUG = env.bool("DEBUG", False)
_database_url = env.str("DATABASE_URL", "") if LOCAL else env.str("DATABASE_URL")
_secret_key = env.str("SECRET_KEY", "") if LOCAL else env.str("SECRET_KEY")
_allowed_hosts = (
    env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    if LOCAL
    else env.list("ALLOWED_HOSTS")
)
_hsts_seconds = env.int("HSTS_SECONDS", 0 if LOCAL else 31_536_000, validate=Range(min=0))
_behind_tls_proxy = env.bool("BEHIND_TLS_PROXY", False)
_cache_url = env.str("CACHE_URL", "", validate=Regexp(r"(rediss?://.+)?\Z"))
API_RATES = {
    "anonymous": rate("RATE_ANONYMOUS", "600/minute"),
    "signed-in": rate("RATE_SIGNED_IN", "1200/minute"),
    "export": rate("RATE_EXPORT", "120/hour"),
}
PAGE_RATE = rate("RATE_PAGES", "1200/minute")
STATEMENT_TIMEOUT = env.int("STATEMENT_TIMEOUT", 30, validate=Range(min=1))
STREAMS_AT_ONCE = env.int("STREAMS_AT_ONCE", 2, validate=Range(min=1))
BODIES_AT_ONCE = env.int("BODIES_AT_ONCE", 4, validate=Range(min=1))
BODY_SECONDS = env.int("BODY_SECONDS", 20, validate=Range(min=1))
TWO_PERSON_REVIEW = env.bool("TWO_PERSON_REVIEW", True)
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", not LOCAL)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 1 if _behind_tls_proxy else 0, validate=Range(min=0))
CROSSREF_URL = env.str("CROSSREF_URL", "https://api.crossref.org")
_mail_host = env.str("MAIL_HOST", "") if LOCAL else env.str("MAIL_HOST")
_mail_port = env.int("MAIL_PORT", 587, validate=Range(min=1, max=65535))
_mail_user = env.str("MAIL_USER", "")
_mail_password = env.str("MAIL_PASSWORD", "")
_mail_tls = env.bool("MAIL_TLS", True)
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", "casebook@localhost")
LOG_LEVEL = env.str(
    "LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
)
seal(env)

SECRET_KEY = _secret_key or kept_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = _allowed_hosts

# --- The parts -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.CasebookAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_tasks_db",
    "django_countries",
    "django_filters",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "clusters",
    "interventions",
    "config",
]

MIDDLEWARE = [
    "config.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Pages; what the API answers is packed already, under a tag that stays strong.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clusters.web.middleware.TrackersMiddleware",
    "clusters.web.middleware.PageThrottleMiddleware",
    "clusters.api.caching.ApiEncodingMiddleware",
    "clusters.api.ready.FastPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "clusters.web.middleware.RecordStatusMiddleware",
    "clusters.web.middleware.NulMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "clusters.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Database --------------------------------------------------------------------------------

# Every connection names its program, so that history can say who wrote without a request.
_program = f"casebook {Path(sys.argv[0]).name} {' '.join(sys.argv[1:2])}".strip()[:63]

if _database_url:
    try:
        _database = dj_database_url.parse(_database_url)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL: {error} (explained in {EXPLAINED_IN})."
        ) from None
    if _database.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL: PostgreSQL is the only engine; the address begins with "
            f"postgresql:// (explained in {EXPLAINED_IN})."
        )
else:
    _database = {
        "ENGINE": "config.embedded_postgres",
        "NAME": "postgres",
        "USER": "casebook",
        "HOST": str(DATA_DIR / "postgres" / "run"),
    }

DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {**_database.get("OPTIONS", {}), "application_name": _program},
    }
}

# Triggers are brought into line with the models after every `migrate`, instead of standing in
# migrations as several hundred operations.
PGTRIGGER_MIGRATIONS = False
PGTRIGGER_INSTALL_ON_MIGRATE = True
PGHISTORY_BASE_MODEL = "clusters.models.history.HistoryEvent"
PGHISTORY_APPEND_ONLY = True
# Reading writes nothing, and a page that looks at who reads it could not be kept by caches.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

# --- Security --------------------------------------------------------------------------------

_HASH_OF_NOTHING = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    # Plotly looks for a style element of its own; we give it an empty one.
    "style-src": [CSP.SELF, _HASH_OF_NOTHING],
    # Plotly positions its drawing by style attributes.
    "style-src-attr": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}
# The page of a large case has some thousands of inputs.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
# A list of literature that was looked at comes back as text, at worst three letters for one.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12_000_000
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = _hsts_seconds
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
SECURE_SSL_REDIRECT = not LOCAL
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_tls_proxy else None
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Browsers take these names only over HTTPS, for this host and all of it: no neighbour sets them.
SESSION_COOKIE_NAME = "sessionid" if LOCAL else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if LOCAL else "__Host-csrftoken"

# Without a mail server mails are written to standard output.
_SMTP = {
    "host": _mail_host,
    "port": _mail_port,
    "username": _mail_user,
    "password": _mail_password,
    "use_tls": _mail_tls,
    "timeout": 10,
}
MAILERS = {
    "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": _SMTP}
    if _mail_host
    else {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
}

# --- Signing in ------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tokens"
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "clusters.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# Accounts come by invitations, which are mails themselves; nobody signs up.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Cluster Casebook: "
# Mail on a changed password or second factor.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {
    # After five wrong passwords or codes an account is shut for a quarter of an hour.
    "login_failed": "20/m/ip,5/15m/key",
}
# Without the tick at “remember me” a session ends with the browser.
ACCOUNT_SESSION_COOKIE_AGE = SESSION_COOKIE_AGE = 7 * SECONDS["day"]
MFA_ADAPTER = "clusters.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Cluster Casebook"
# Browsers know http://localhost as safe; a key wants to be told.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL

# --- Work in the background --------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Counters ---------------------------------------------------------------------------------

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
    if _cache_url
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # A counter for each client; with too few places some would be forgotten early.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Words and files -------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".build" / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    # plotly.js as it comes with the Python package, so that the two never differ.
    ("plotly", Path(plotly.__file__).parent / "package_data"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if LOCAL  # compressing takes most of a minute
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CASES_SEED = BASE_DIR / "interventions" / "seed"

# --- API -------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "clusters.api.authentication.TokenAuthentication",
        "clusters.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "clusters.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["clusters.api.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["clusters.web.throttles.ClientThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["clusters.api.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "clusters.api.schema.CasebookSchema",
    "EXCEPTION_HANDLER": "clusters.web.problems.problem_response",
}
# Pages of other sites may read what everybody may read, and nothing more: no cookies go along.
CORS_URLS_REGEX = r"^/(api|changes/feed)/"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ("GET", "HEAD", "OPTIONS")
CORS_ALLOW_HEADERS = ("Accept", "If-Modified-Since", "If-None-Match")
CORS_EXPOSE_HEADERS = (
    *("Content-Disposition", "ETag", "Link"),
    *("RateLimit", "RateLimit-Policy", "Retry-After"),
)
SPECTACULAR_SETTINGS = {
    "TITLE": "Cluster Casebook",
    "VERSION": "1",
    "DESCRIPTION": "What donor-financed CSR interventions did in industrial clusters of developing "
    "countries, who says why, and where it is written.",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["clusters.api.description.with_components"],
}

# --- Logs: one JSON line a request, without addresses, names or search words -----------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        }
    },
    "filters": {"request_id": {"()": "config.middleware.RequestIdFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # The request log below says the same, with the request's number.
        "django.request": {"level": "ERROR"},
        "pgtrigger": {"level": "WARNING"},
        # Each start and stop of the worker.
        "django_tasks_db": {"level": "WARNING"},
    },
}
