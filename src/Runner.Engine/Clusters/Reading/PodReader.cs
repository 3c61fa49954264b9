using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>
/// Reads as much of a pod as anything in the runner looks at: a cluster has tens of thousands, and most of one is for the kubelet alone. Environment
/// values, secrets among them, are never held. What else is wanted of a pod is added here.
/// </summary>
internal static class PodReader
{
    public static V1Pod Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        var pod = new V1Pod();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                pod.Metadata = MetadataReader.Read(ref reader, shared);
            }
            else if (reader.ValueTextEquals("spec"u8))
            {
                pod.Spec = Spec(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                pod.Status = PodStatusReader.Read(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return pod;
    }

    private static V1PodSpec? Spec(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var spec = new V1PodSpec();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("nodeName"u8))
            {
                spec.NodeName = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("containers"u8))
            {
                spec.Containers = ContainerReader.List(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("initContainers"u8))
            {
                spec.InitContainers = ContainerReader.List(ref reader, source, shared);
            }
            else if (reader.ValueTextEquals("ephemeralContainers"u8))
            {
                spec.EphemeralContainers = JsonFields.List(ref reader, shared, Ephemeral);
            }
            else if (reader.ValueTextEquals("restartPolicy"u8))
            {
                spec.RestartPolicy = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("schedulerName"u8))
            {
                spec.SchedulerName = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("priorityClassName"u8))
            {
                spec.PriorityClassName = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("nodeSelector"u8))
            {
                spec.NodeSelector = shared.Texts(ref reader);
            }
            else if (reader.ValueTextEquals("resources"u8))
            {
                spec.Resources = shared.Resources(ref reader, source);
            }
            else if (reader.ValueTextEquals("overhead"u8))
            {
                spec.Overhead = shared.Quantities(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return spec;
    }

    private static V1EphemeralContainer Ephemeral(ref Utf8JsonReader reader, SharedValues shared)
    {
        var container = new V1EphemeralContainer();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("name"u8))
            {
                container.Name = shared.Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return container;
    }
}
