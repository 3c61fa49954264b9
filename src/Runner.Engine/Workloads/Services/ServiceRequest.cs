namespace Runner.Engine.Workloads.Services;

/// <summary>The hub's request to run a service; field names are the wire contract's (runner API, <c>POST /service/{name}/run</c>).</summary>
public sealed record ServiceRequest
{
}
