using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads how a pod and its containers stand.</summary>
internal static class PodStatusReader
{
    public static V1PodStatus? Read(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var status = new V1PodStatus();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("phase"u8))
            {
                status.Phase = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("reason"u8))
            {
                status.Reason = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                status.Message = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("startTime"u8))
            {
                status.StartTime = JsonFields.Time(ref reader);
            }
            else if (reader.ValueTextEquals("podIP"u8))
            {
                status.PodIP = JsonFields.Text(ref reader);
            }
            else if (reader.ValueTextEquals("conditions"u8))
            {
                status.Conditions = JsonFields.List(ref reader, shared, Condition);
            }
            else if (reader.ValueTextEquals("containerStatuses"u8))
            {
                status.ContainerStatuses = JsonFields.List(ref reader, shared, ContainerStatusReader.Read);
            }
            else if (reader.ValueTextEquals("initContainerStatuses"u8))
            {
                status.InitContainerStatuses = JsonFields.List(ref reader, shared, ContainerStatusReader.Read);
            }
            else if (reader.ValueTextEquals("ephemeralContainerStatuses"u8))
            {
                status.EphemeralContainerStatuses = JsonFields.List(ref reader, shared, ContainerStatusReader.Read);
            }
            else
            {
                reader.Skip();
            }
        }

        return status;
    }

    private static V1PodCondition Condition(ref Utf8JsonReader reader, SharedValues shared)
    {
        var condition = new V1PodCondition();
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
