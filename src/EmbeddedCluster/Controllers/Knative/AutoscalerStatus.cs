using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>A PodAutoscaler's status.</summary>
internal static class AutoscalerStatus
{
    public static JsonObject Of(JsonObject autoscaler, ScaleDecision scale, int ready, AutoscalerMemory memory, bool hasService, SimulationClock clock)
    {
        var status = autoscaler.EditStatus();
        var conditions = new ConditionSet(status, clock, "Ready", "Active", "SKSReady", "ScaleTargetInitialized");
        conditions.Initialize();
        status["actualScale"] = ready;
        status["desiredScale"] = scale.Wanted;
        status["metricsServiceName"] = hasService ? $"{autoscaler.Name()}-private" : "";
        status["serviceName"] = hasService ? autoscaler.Name() : "";
        status["observedGeneration"] = autoscaler.Generation();
        if (memory.ServesPods)
        {
            conditions.MarkTrue("SKSReady");
        }
        else
        {
            conditions.MarkUnknown("SKSReady", "NotReady", hasService ? "K8s Service is not ready" : "No Private Service Name");
        }

        if (memory.Initialized)
        {
            conditions.MarkTrue("ScaleTargetInitialized");
        }

        if (scale.Wanted == 0)
        {
            conditions.MarkFalse("Active", "NoTraffic", "The target is not receiving traffic.");
        }
        else if (ready < scale.MinReady)
        {
            conditions.MarkUnknown("Active", "Queued", "Requests to the target are being buffered as resources are provisioned.");
        }
        else
        {
            conditions.MarkTrue("Active");
        }

        return status;
    }
}
