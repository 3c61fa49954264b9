using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>The reads and writes that sandboxes need, one API call each.</summary>
internal sealed class SandboxApi(ClusterConnection cluster, string @namespace, TimeProvider time)
    : CustomObjectApi<Sandbox>(cluster, @namespace, new(SandboxNames.Group, SandboxNames.Version, SandboxNames.Plural), time);
