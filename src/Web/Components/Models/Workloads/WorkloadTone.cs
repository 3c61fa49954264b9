namespace Runner.Web.Components.Models.Workloads;

/// <summary>The five groups into which every state falls: what colour and which filter chip it has.</summary>
public enum WorkloadTone
{
    /// <summary>Failed or unhealthy: somebody has to look.</summary>
    Bad,

    /// <summary>Waits for something that is not wrong in itself, such as room.</summary>
    Wait,

    /// <summary>On its way up.</summary>
    Busy,

    /// <summary>Serving.</summary>
    Good,

    /// <summary>Not running, and meant not to.</summary>
    Idle,
}
