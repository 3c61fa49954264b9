using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads how a pod and its containers stand.</summary>
internal static class PodStatusReader
{
    public static V1PodStatus? Read(ref Utf8JsonReader reader, SharedValues shared) => JsonFields.Object<V1PodStatus>(ref reader, shared, Field);

    private static bool Field(ref Utf8JsonReader reader, SharedValues shared, V1PodStatus status)
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
            status.Conditions = ConditionReader.OfPod(ref reader, shared);
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
            return false;
        }

        return true;
    }
}
