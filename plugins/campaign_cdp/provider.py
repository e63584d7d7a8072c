"""What Airflow learns about this package through its provider entry point. Importing it imports nothing of Airflow."""

from __future__ import annotations

from typing import Any, Final

from campaign_cdp import __version__

_CAMPAIGN: Final = "Adobe Campaign Classic"
_PLATFORM: Final = "Adobe Experience Platform"


def get_provider_info() -> dict[str, Any]:
    """Describe the package. The page's plugin is not in here: Airflow loads plugins of providers only if told to."""
    return {
        "package-name": "campaign-cdp",
        "name": "Campaign CDP",
        "description": "Audiences from Real-Time CDP into Adobe Campaign Classic, delivery events back.",
        "versions": [__version__],
        "integrations": [
            _integration(_CAMPAIGN, "https://experienceleague.adobe.com/docs/campaign-classic.html"),
            _integration(_PLATFORM, "https://experienceleague.adobe.com/docs/experience-platform.html"),
        ],
        "operators": [_modules("operators", *_OPERATORS)],
        "sensors": [_modules("sensors", "file_set", "landing_check")],
        "triggers": [_modules("triggers", "file_set", "landing_check")],
        "hooks": [
            _modules("hooks.campaign", "connection"),
            {**_modules("hooks.platform", "connection"), "integration-name": _PLATFORM},
        ],
        "connection-types": [_campaign_connection(), _platform_connection()],
        "extra-links": [f"campaign_cdp.links.{name}" for name in _LINKS],
        "notifications": [f"campaign_cdp.notifiers.{name}" for name in _NOTIFIERS],
    }


_OPERATORS: Final = (
    *("data_loading", "deduplication", "reconciliation", "update_data", "end"),
    *("incremental_query", "data_extraction", "publication", "end_export"),
    "read_limits",
)
_NOTIFIERS: Final = (
    *("feed.TaskFailedNotifier", "feed.NothingArrivedNotifier", "feed.RunEndedNotifier"),
    *("limits.LimitsReadNotifier", "limits.LimitsFailedNotifier"),
)
_LINKS: Final = ("SyncRunLink", "FileSetLink", "RejectsLink", "ExportWindowLink")


def _integration(name: str, url: str) -> dict[str, Any]:
    return {"integration-name": name, "external-doc-url": url, "tags": ["service"]}


def _modules(package: str, *names: str) -> dict[str, Any]:
    return {
        "integration-name": _CAMPAIGN,
        "python-modules": [f"campaign_cdp.{package}.{name}" for name in names],
    }


def _campaign_connection() -> dict[str, Any]:
    return {
        "connection-type": "adobe_campaign",
        "hook-class-name": "campaign_cdp.hooks.campaign.connection.CampaignHook",
        "hook-name": "Adobe Campaign",
        "ui-field-behaviour": {
            "hidden-fields": [],
            "relabeling": {"schema": "Database", "login": "Database user"},
            "placeholders": {"host": "campaign-db.example.com", "port": "5432", "schema": "campaign"},
        },
        "conn-fields": {
            "sslmode": _field(
                "Encryption (sslmode)",
                "verify-full checks the server's name and certificate; prefer, the driver's default, checks nothing.",
                enum=["verify-full", "verify-ca", "require", "prefer", "disable"],
            ),
            "sslrootcert": _field(
                "Certificate authority (sslrootcert)", "File with its certificates, on every machine that runs tasks."
            ),
            "connect_timeout": _field("Connect timeout", "Seconds.", kind="integer", minimum=1),
            "application_name": _field("Application name", "Shown in pg_stat_activity, to tell these sessions apart."),
        },
    }


def _platform_connection() -> dict[str, Any]:
    return {
        "connection-type": "adobe_experience_platform",
        "hook-class-name": "campaign_cdp.hooks.platform.connection.PlatformHook",
        "hook-name": "Adobe Experience Platform",
        "ui-field-behaviour": {
            "hidden-fields": ["schema"],
            "relabeling": {"login": "Client ID", "password": "Client secret", "host": "IMS host", "port": "IMS port"},
            "placeholders": {"host": "ims-na1.adobelogin.com", "port": "443"},
        },
        "conn-fields": {
            "org_id": _field("Organisation ID", "Of the Developer Console project, like 0123456789ABCDEF@AdobeOrg."),
            "sandbox": _field("Sandbox", "Its name, not its title.", default="prod"),
            "scopes": _field(
                "Scopes", "Copied from the Developer Console project, separated by commas. Empty: those of AEP's API."
            ),
            "platform_host": _field("Platform host", "Empty: platform.adobe.io."),
        },
    }


def _field(label: str, description: str, *, kind: str = "string", **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": [kind, "null"], **schema}}
