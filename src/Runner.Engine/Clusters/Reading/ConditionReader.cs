using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads conditions, which have the same fields on every kind.</summary>
internal static class ConditionReader
{
    public static List<V1NodeCondition>? OfNode(ref Utf8JsonReader reader, SharedValues shared) => JsonFields.List(
        ref reader,
        shared,
        static (ref Utf8JsonReader item, SharedValues values) =>
        {
            var read = JsonFields.Fields<Condition>(ref item, values, Field);
            return new V1NodeCondition { Type = read.Type, Status = read.Status, Reason = read.Reason, Message = read.Message };
        });

    public static List<V1PodCondition>? OfPod(ref Utf8JsonReader reader, SharedValues shared) => JsonFields.List(
        ref reader,
        shared,
        static (ref Utf8JsonReader item, SharedValues values) =>
        {
            var read = JsonFields.Fields<Condition>(ref item, values, Field);
            return new V1PodCondition { Type = read.Type, Status = read.Status, Reason = read.Reason, Message = read.Message, LastTransitionTime = read.LastTransitionTime };
        });

    private static bool Field(ref Utf8JsonReader reader, SharedValues shared, Condition condition)
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
        else if (reader.ValueTextEquals("lastTransitionTime"u8))
        {
            condition.LastTransitionTime = JsonFields.Time(ref reader);
        }
        else
        {
            return false;
        }

        return true;
    }

    private sealed class Condition
    {
        public string? Type { get; set; }

        public string? Status { get; set; }

        public string? Reason { get; set; }

        public string? Message { get; set; }

        public DateTime? LastTransitionTime { get; set; }
    }
}
