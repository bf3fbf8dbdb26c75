/*
key = ["project_id", "artifact_source", "artifact_namespace", "artifact_name"]
description = """
Which artifacts belong to each project: repositories (those of an owner listed whole, as far as
seen), packages, sites, handles and addresses.
"""

[columns]
artifact_source_id = "The source's own id; GitHub's numeric id where an event stated it."

[[checks]]
relationships = { column = "project_id", to = "marts.projects_v1.project_id" }
*/
SELECT
    min(artifact_id) AS artifact_id,
    min(artifact_source_id) AS artifact_source_id,
    artifact_source,
    artifact_namespace,
    artifact_name,
    project_id,
    min(project_source) AS project_source,
    min(project_namespace) AS project_namespace,
    min(project_name) AS project_name
FROM intermediate.artifacts_by_project
GROUP BY ALL
