"""Who may see and do what: Airflow's auth manager decides, by the Dag of each feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, NoReturn

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models import DagModel
from fastapi import Depends, HTTPException, Request, status

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.ops_page.feeds import BrokenFeed, DeclaredFeeds, FeedFiles, dag_id_of

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FILES: Final = FeedFiles()

#: Stands on the app, so that a route added later is closed too.
may_read_dag_runs = requires_access_dag("GET", DagAccessEntity.RUN)


@dataclass(frozen=True, slots=True)
class Reader:
    """A user, and the feeds that are his to see.

    :param dag_ids: Dags that he may read.
    """

    user: BaseUser
    dag_ids: frozenset[str]
    declared: DeclaredFeeds

    def feeds(self) -> list[Feed]:
        """Return the good feeds that the user may see, by name."""
        return [feed for _, feed in sorted(self.declared.good.items()) if dag_id_of(feed) in self.dag_ids]

    def feed(self, feed_id: str) -> Feed:
        """Return a feed; one that is not the user's to see does not exist for him.

        :raises HTTPException: 404.
        """
        feed = self.declared.good.get(feed_id)
        if feed is None or dag_id_of(feed) not in self.dag_ids:
            not_found(f"There is no feed {feed_id}, or its Dag is not yours to read.")
        return feed

    def broken(self) -> list[BrokenFeed]:
        """Return broken feed files to whoever may read what was their Dag, or Airflow's import errors."""
        manager = get_auth_manager()
        if manager.is_authorized_view(access_view=AccessView.IMPORT_ERRORS, user=self.user):
            return list(self.declared.broken)
        return [feed for feed in self.declared.broken if feed.dag_ids & self.dag_ids]

    def editable_dag_ids(self) -> set[str]:
        """Return the Dags that the user may edit: whom to show an action, not whom to let do it."""
        return get_auth_manager().get_authorized_dag_ids(user=self.user, method="PUT")

    def may_edit(self, feed: Feed) -> bool:
        """True if the user may change runs of the feed's Dag, and start new ones."""
        dag_id = dag_id_of(feed)
        details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
        manager = get_auth_manager()
        return all(
            manager.is_authorized_dag(method=method, access_entity=DagAccessEntity.RUN, details=details, user=self.user)
            for method in ("PUT", "POST")
        )

    def require_edit(self, feed: Feed) -> None:
        """Refuse an action on a feed that the user may only look at.

        :raises HTTPException: 403.
        """
        if not self.may_edit(feed):
            raise HTTPException(
                status.HTTP_403_FORBIDDEN, f"You may look at {feed.id}, but not start or change runs of its Dag."
            )


def reader(user: GetUserDep) -> Reader:
    dag_ids = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    return Reader(user, frozenset(dag_ids), _FILES.declared())


ReaderDep = Annotated[Reader, Depends(reader)]


def readable_feed(feed: str, reader: ReaderDep) -> Feed:
    return reader.feed(feed)


def editable_feed(feed: str, reader: ReaderDep) -> Feed:
    found = reader.feed(feed)
    reader.require_edit(found)
    return found


FeedDep = Annotated[Feed, Depends(readable_feed)]
EditableFeedDep = Annotated[Feed, Depends(editable_feed)]


def refuse_other_sites(request: Request) -> None:
    """Refuse a POST that a page of another site can make a browser send.

    The login cookie is SameSite=Lax already; a form can neither set a header nor send JSON.

    :raises HTTPException: 403.
    """
    if request.method in _SAFE or request.headers.get("X-Requested-With") == "campaign-cdp":
        return
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/json":
        return
    raise HTTPException(
        status.HTTP_403_FORBIDDEN, "An action needs the header X-Requested-With: campaign-cdp, or a body of JSON."
    )


def refuse_nul(request: Request) -> None:
    """Refuse a character that no database takes, before one is asked.

    :raises HTTPException: 400.
    """
    texts = (request.url.path, *(text for pair in request.query_params.multi_items() for text in pair))
    if any("\0" in text for text in texts):
        raise HTTPException(status.HTTP_400_BAD_REQUEST, "The address holds a NUL character.")


def not_found(message: str) -> NoReturn:
    raise HTTPException(status.HTTP_404_NOT_FOUND, message)
