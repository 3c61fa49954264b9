using k8s;
using k8s.Models;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>How an object that carries workloads of a kind comes to be there, in this order.</summary>
/// <param name="Put">Has the carrier there, and says whether it was made by this call; told what to call, with the uid of what is there, before that is told to go.</param>
/// <param name="Own">Has what the carrier needs alone go with it; false when its Secret is gone, whose content is not known any more.</param>
/// <param name="Made">Called with one that is new: waits until a watch tells of it, as long as anybody would.</param>
/// <param name="Remove">Takes away what was put, and nothing else.</param>
internal sealed record CarrierSteps<T>(Func<Func<string, Task>, Task<(T Carrier, bool IsNew)>> Put, Func<T, Task<bool>> Own, Func<T, Task> Made, Func<T, Task> Remove)
    where T : class, IKubernetesObject<V1ObjectMeta>;
