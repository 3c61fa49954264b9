using System.Text.Json;
using k8s.Models;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Clusters.Reading;

/// <summary>
/// Reads of Knative Services and Revisions what the projection looks at. Not for changing one and writing it back: for that, read it whole from the API server.
/// What else is wanted is added here.
/// </summary>
internal static class KnativeReader
{
    public static KnativeService Service(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        var service = new KnativeService();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                service.Metadata = MetadataReader.Read(ref reader, shared)!;
            }
            else if (reader.ValueTextEquals("spec"u8))
            {
                service.Spec = ServiceSpec(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                service.Status = ServiceStatus(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return service;
    }

    public static KnativeRevision Revision(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        var revision = new KnativeRevision();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                revision.Metadata = MetadataReader.Read(ref reader, shared)!;
            }
            else if (reader.ValueTextEquals("spec"u8))
            {
                revision.Spec = RevisionSpec(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                revision.Status = RevisionStatus(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return revision;
    }

    private static KnativeServiceSpec? ServiceSpec(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var spec = new KnativeServiceSpec();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("template"u8))
            {
                spec.Template = Template(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("traffic"u8))
            {
                spec.Traffic = JsonFields.List(ref reader, shared, Traffic);
            }
            else
            {
                reader.Skip();
            }
        }

        return spec;
    }

    private static KnativeRevisionTemplate? Template(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var template = new KnativeRevisionTemplate();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("spec"u8))
            {
                template.Spec = RevisionSpec(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                // How far the service may be scaled, and by which queue its pods are placed, stand in the template's annotations.
                template.Metadata = MetadataReader.Read(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return template;
    }

    private static KnativeRevisionSpec? RevisionSpec(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var spec = new KnativeRevisionSpec();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("containers"u8))
            {
                spec.Containers = ContainerReader.List(ref reader, source, shared) ?? [];
            }
            else if (reader.ValueTextEquals("volumes"u8))
            {
                // A claim that a service mounts must not be deleted with another service; other volumes are nobody's business.
                spec.Volumes = JsonFields.List(ref reader, shared, Volume)?.FindAll(volume => volume.PersistentVolumeClaim is not null) is { Count: > 0 } claims ? claims : null;
            }
            else
            {
                reader.Skip();
            }
        }

        return spec;
    }

    private static V1Volume Volume(ref Utf8JsonReader reader, SharedValues shared) => JsonFields.Fields<V1Volume>(ref reader, shared, VolumeField);

    private static bool VolumeField(ref Utf8JsonReader reader, SharedValues shared, V1Volume volume)
    {
        if (!reader.ValueTextEquals("persistentVolumeClaim"u8))
        {
            return false;
        }

        volume.PersistentVolumeClaim = JsonFields.Object<V1PersistentVolumeClaimVolumeSource>(ref reader, shared, ClaimField);
        return true;
    }

    private static bool ClaimField(ref Utf8JsonReader reader, SharedValues shared, V1PersistentVolumeClaimVolumeSource claim)
    {
        if (!reader.ValueTextEquals("claimName"u8))
        {
            return false;
        }

        claim.ClaimName = shared.Text(ref reader);
        return true;
    }

    private static KnativeServiceStatus? ServiceStatus(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var status = new KnativeServiceStatus();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("conditions"u8))
            {
                status.Conditions = JsonFields.List(ref reader, shared, Condition);
            }
            else if (reader.ValueTextEquals("url"u8))
            {
                status.Url = JsonFields.Text(ref reader);
            }
            else if (reader.ValueTextEquals("latestCreatedRevisionName"u8))
            {
                status.LatestCreatedRevisionName = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("latestReadyRevisionName"u8))
            {
                status.LatestReadyRevisionName = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("traffic"u8))
            {
                status.Traffic = JsonFields.List(ref reader, shared, Traffic);
            }
            else if (reader.ValueTextEquals("observedGeneration"u8))
            {
                status.ObservedGeneration = JsonFields.Number(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return status;
    }

    private static KnativeRevisionStatus? RevisionStatus(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var status = new KnativeRevisionStatus();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("conditions"u8))
            {
                status.Conditions = JsonFields.List(ref reader, shared, Condition);
            }
            else if (reader.ValueTextEquals("desiredReplicas"u8))
            {
                status.DesiredReplicas = (int?)JsonFields.Number(ref reader);
            }
            else if (reader.ValueTextEquals("actualReplicas"u8))
            {
                status.ActualReplicas = (int?)JsonFields.Number(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return status;
    }

    private static KnativeTrafficTarget Traffic(ref Utf8JsonReader reader, SharedValues shared)
    {
        var target = new KnativeTrafficTarget();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("revisionName"u8))
            {
                target.RevisionName = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("latestRevision"u8))
            {
                target.LatestRevision = JsonFields.Flag(ref reader);
            }
            else if (reader.ValueTextEquals("percent"u8))
            {
                target.Percent = JsonFields.Number(ref reader);
            }
            else if (reader.ValueTextEquals("tag"u8))
            {
                target.Tag = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("url"u8))
            {
                target.Url = JsonFields.Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return target;
    }

    private static KnativeCondition Condition(ref Utf8JsonReader reader, SharedValues shared)
    {
        var condition = new KnativeCondition();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("type"u8))
            {
                condition.Type = shared.Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                condition.Status = shared.Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("reason"u8))
            {
                condition.Reason = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                condition.Message = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("severity"u8))
            {
                condition.Severity = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("lastTransitionTime"u8))
            {
                condition.LastTransitionTime = JsonFields.Time(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return condition;
    }
}
