namespace Runner.Engine.Workloads.Containers;

/// <summary>What a container of a workload was asked to be, secrets masked.</summary>
/// <param name="Part">Where it stands, where a workload has several templates: an Argo template's name, <c>leader</c> or <c>worker</c>; empty else.</param>
/// <param name="Init">True for one that ends before the others begin.</param>
/// <param name="Resources">By name: <c>cpu</c> first, then <c>memory</c>, then the others.</param>
public sealed record WorkloadContainerSpec(
    string Part, string Name, bool Init, string Image, EquatableList<ContainerResource> Resources, EquatableList<ContainerVariable> Environment);

/// <summary>A resource of a container, as Kubernetes quantities; empty where it is not asked for or not limited.</summary>
public sealed record ContainerResource(string Name, string Request, string Limit);

/// <summary>A variable of a container.</summary>
/// <param name="Value">As it may be shown; secrets in it are masked. Empty where <paramref name="Source"/> tells where it comes from.</param>
/// <param name="Source">Where the value comes from: <c>Secret web-env/TOKEN</c>, <c>ConfigMap …</c>, a field; empty for a value that stands here.</param>
/// <param name="Masked">True when the value, or a part of it, is hidden.</param>
public sealed record ContainerVariable(string Name, string Value, string Source, bool Masked);
