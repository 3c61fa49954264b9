using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>
/// What containers ask for that ask alike: thousands of them have one such object (see <see cref="SharedValues.Resources"/>), which is not to be changed. It keeps what is
/// worked out from it, because a quantity becomes a number or a text by long arithmetic. Any number of threads; at worst something is worked out twice.
/// </summary>
internal sealed record SharedResources : V1ResourceRequirements
{
    private static readonly Dictionary<string, decimal> Nothing = [];

    private Dictionary<string, decimal>? _amounts;
    private ImmutableSortedDictionary<string, string>? _texts;

    /// <summary>What a container asks for, by resource, in base units (cores, bytes, pieces); empty where it asks for nothing. Not to be changed.</summary>
    public static Dictionary<string, decimal> AmountsOf(V1ResourceRequirements? resources) => resources switch
    {
        null or { Requests: null } => Nothing,
        SharedResources shared => shared._amounts ??= Amounts(shared),
        _ => Amounts(resources),
    };

    /// <summary>What a container asks for, by resource, as Kubernetes writes it; empty where it asks for nothing.</summary>
    public static ImmutableSortedDictionary<string, string> TextsOf(V1ResourceRequirements? resources) => resources switch
    {
        null or { Requests: null } => ImmutableSortedDictionary<string, string>.Empty,
        SharedResources shared => shared._texts ??= Texts(shared),
        _ => Texts(resources),
    };

    // Those that are alike are the same, and what was worked out meanwhile makes no difference.
    public bool Equals(SharedResources? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    private static Dictionary<string, decimal> Amounts(V1ResourceRequirements resources) =>
        resources.Requests.ToDictionary(request => request.Key, request => request.Value.ToDecimal(), StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, string> Texts(V1ResourceRequirements resources) =>
        resources.Requests.ToImmutableSortedDictionary(request => request.Key, request => request.Value.ToString(), StringComparer.Ordinal);
}
