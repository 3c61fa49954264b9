using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads as much of a node as anything in the runner looks at; not its images, of which each names dozens. What else is wanted is added here.</summary>
internal static class NodeReader
{
    public static V1Node Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> source, SharedValues shared)
    {
        var node = new V1Node();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                node.Metadata = MetadataReader.Read(ref reader, shared);
            }
            else if (reader.ValueTextEquals("spec"u8))
            {
                node.Spec = Spec(ref reader, shared);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                node.Status = Status(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return node;
    }

    private static V1NodeSpec? Spec(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var spec = new V1NodeSpec();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("unschedulable"u8))
            {
                spec.Unschedulable = JsonFields.Flag(ref reader);
            }
            else if (reader.ValueTextEquals("taints"u8))
            {
                spec.Taints = JsonFields.List(ref reader, shared, Taint);
            }
            else
            {
                reader.Skip();
            }
        }

        return spec;
    }

    private static V1Taint Taint(ref Utf8JsonReader reader, SharedValues shared)
    {
        var taint = new V1Taint();
        while (JsonFields.Next(ref reader))
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
                reader.Skip();
            }
        }

        return taint;
    }

    private static V1NodeStatus? Status(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var status = new V1NodeStatus();
        while (JsonFields.Next(ref reader))
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
                status.Conditions = JsonFields.List(ref reader, shared, Condition);
            }
            else
            {
                reader.Skip();
            }
        }

        return status;
    }

    private static V1NodeCondition Condition(ref Utf8JsonReader reader, SharedValues shared)
    {
        var condition = new V1NodeCondition();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("type"u8))
            {
                condition.Type = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                condition.Status = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("reason"u8))
            {
                condition.Reason = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                condition.Message = shared.Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return condition;
    }
}
