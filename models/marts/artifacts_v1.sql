/*
key = ["artifact_source", "artifact_namespace", "artifact_name"]
description = "Every artifact that belongs to a project."

[columns]
artifact_id = "Open Source Observer's id. Unique but for what its missing separator makes equal."
artifact_source_id = "The source's own id; GitHub's numeric id where an event stated it."
*/
SELECT
    min(artifact_id) AS artifact_id,
    min(artifact_source_id) AS artifact_source_id,
    artifact_source,
    artifact_namespace,
    artifact_name,
    min(artifact_url) AS artifact_url
FROM intermediate.artifacts_by_project
GROUP BY ALL
