using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads as much of a node as anything in the runner looks at; not its images, of which each names dozens. What else is wanted is added here.</summary>
internal static class NodeReader
{
    public static V1Node Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared) => JsonFields.Fields<V1Node>(ref reader, shared, Field);

    private static bool Field(ref Utf8JsonReader reader, SharedValues shared, V1Node node)
    {
        if (reader.ValueTextEquals("metadata"u8))
        {
            node.Metadata = MetadataReader.Read(ref reader, shared);
        }
        else if (reader.ValueTextEquals("spec"u8))
        {
            node.Spec = JsonFields.Object<V1NodeSpec>(ref reader, shared, SpecField);
        }
        else if (reader.ValueTextEquals("status"u8))
        {
            node.Status = JsonFields.Object<V1NodeStatus>(ref reader, shared, StatusField);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool SpecField(ref Utf8JsonReader reader, SharedValues shared, V1NodeSpec spec)
    {
        if (reader.ValueTextEquals("unschedulable"u8))
        {
            spec.Unschedulable = JsonFields.Flag(ref reader);
        }
        else if (reader.ValueTextEquals("taints"u8))
        {
            spec.Taints = JsonFields.List(
                ref reader, shared, static (ref Utf8JsonReader item, SharedValues values) => JsonFields.Fields<V1Taint>(ref item, values, TaintField));
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool TaintField(ref Utf8JsonReader reader, SharedValues shared, V1Taint taint)
    {
        if (reader.ValueTextEquals("key"u8))
        {
            taint.Key = shared.Text(ref reader);
        }
        else if (reader.ValueTextEquals("value"u8))
        {
            taint.Value = shared.Text(ref reader);
        }
        else if (reader.ValueTextEquals("effect"u8))
        {
            taint.Effect = shared.Text(ref reader);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool StatusField(ref Utf8JsonReader reader, SharedValues shared, V1NodeStatus status)
    {
        if (reader.ValueTextEquals("capacity"u8))
        {
            status.Capacity = shared.Quantities(ref reader);
        }
        else if (reader.ValueTextEquals("allocatable"u8))
        {
            status.Allocatable = shared.Quantities(ref reader);
        }
        else if (reader.ValueTextEquals("conditions"u8))
        {
            status.Conditions = ConditionReader.OfNode(ref reader, shared);
        }
        else
        {
            return false;
        }

        return true;
    }
}
