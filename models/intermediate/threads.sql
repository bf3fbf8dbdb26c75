/*
key = ["opened_at", "artifact_namespace", "artifact_name", "number"]
description = """
Issues and pull requests whose opening is known, from an event that says when or from the event
that opened them, with the first answer and the merge.
"""

[columns]
author = "Who opened it, lower case; null if no event says so."
first_response_at = "First comment, closing of an issue or merge by another than the author."
merged_at = "First merge; null if none was seen."
made_up = "Whether any of its events is from a made-up sample."
*/
WITH events AS (
    SELECT
        *,
        action IN ('opened') AND event_type IN ('IssuesEvent', 'PullRequestEvent') AS is_opening,
        event_type IN ('IssueCommentEvent', 'PullRequestReviewCommentEvent')
            AND coalesce(action, 'created') = 'created'
            OR event_type = 'IssuesEvent' AND action = 'closed'
            OR coalesce(is_merged, false) AS is_response
    FROM staging.github_events
    WHERE repo_owner IS NOT NULL AND number IS NOT NULL
),

threads AS (
    SELECT
        repo_owner,
        repo_name,
        number,
        coalesce(min(thread_created_at), min(time) FILTER (is_opening)) AS opened_at,
        coalesce(min(thread_author), min(actor_login) FILTER (is_opening)) AS author,
        bool_or(is_pull_request) AS is_pull_request,
        min(time) FILTER (is_merged) AS merged_at,
        bool_or(made_up) AS made_up
    FROM events
    GROUP BY ALL
)

SELECT
    threads.opened_at,
    threads.repo_owner AS artifact_namespace,
    threads.repo_name AS artifact_name,
    threads.number,
    threads.is_pull_request,
    threads.author,
    min(events.time) FILTER (
        events.is_response
        AND events.actor_login <> threads.author
        AND events.time >= threads.opened_at
    ) AS first_response_at,
    threads.merged_at,
    threads.made_up
FROM threads
JOIN events
    ON threads.repo_owner = events.repo_owner
    AND threads.repo_name = events.repo_name
    AND threads.number = events.number
WHERE threads.opened_at IS NOT NULL
GROUP BY ALL
