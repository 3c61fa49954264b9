using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>
/// Shares of GPUs as HAMi and Volcano hand them out: nodes tell their cards in an annotation, pods carry in another which share of which card is theirs. Pure.
/// </summary>
internal static class VirtualDevices
{
    private static readonly Vendor[] Vendors =
    [
        new("hami.io/node-nvidia-register", "hami.io/vgpu-devices-allocated", "hami.io/vgpu-node",
            ["nvidia.com/vgpu", "nvidia.com/gpu"], ["nvidia.com/vgpumem", "nvidia.com/gpumem"], ["nvidia.com/vgpucores", "nvidia.com/gpucores"], HealthField: 6, Terminated: true),
        new("volcano.sh/node-vgpu-register", "volcano.sh/vgpu-ids-new", "volcano.sh/vgpu-node",
            ["volcano.sh/vgpu-number"], ["volcano.sh/vgpu-memory"], ["volcano.sh/vgpu-cores"], HealthField: 4, Terminated: false),
    ];

    /// <summary>Whether no node has a quantity of this resource because only the cards of one know it: HAMi's memory and cores.</summary>
    public static bool IsOfCards(string resource) => Vendors[0].Memory.Contains(resource) || Vendors[0].Cores.Contains(resource);

    /// <summary>The shares a pod has been given, as its annotation has them; null for none.</summary>
    public static string? SharesOf(JsonNode pod) => Vendors.Select(v => pod.Annotation(v.Allocated)).FirstOrDefault(a => a is not null);

    /// <summary>Places a pod's shares on the cards of a node.</summary>
    /// <param name="taken">What <see cref="SharesOf"/> says of the pods that are on the node.</param>
    /// <returns>Annotations for the pod, empty when it asks for no shares here; null when the cards have no room.</returns>
    public static IReadOnlyDictionary<string, string>? Place(JsonNode pod, JsonNode node, IEnumerable<string> taken)
    {
        if (Vendors.FirstOrDefault(v => node.Annotation(v.Register) is not null) is not { } vendor || !pod.Items("spec", "containers").Any(c => Amount(c, vendor.Number) > 0))
        {
            return new Dictionary<string, string>();
        }

        var cards = Cards(node.Annotation(vendor.Register)!, vendor);
        foreach (var share in taken.SelectMany(t => t.Split(':', ';', StringSplitOptions.RemoveEmptyEntries)).Select(s => s.Split(',')))
        {
            if (share.Length == 4 && cards.Find(c => c.Id == share[0]) is { } card)
            {
                card.Take(Number(share[2]), Number(share[3]));
            }
        }

        var shares = new List<string>();
        foreach (var container in pod.Items("spec", "containers"))
        {
            var placed = "";
            for (var i = 0; i < Amount(container, vendor.Number); i++)
            {
                var (memory, cores) = (Amount(container, vendor.Memory), Amount(container, vendor.Cores));
                if (cards.Find(c => c.HasRoom(memory, cores)) is not { } card)
                {
                    return null;
                }

                var amount = memory == 0 ? card.Memory : memory;
                card.Take(amount, cores);
                placed += string.Create(CultureInfo.InvariantCulture, $"{card.Id},NVIDIA,{amount},{cores}:");
            }

            shares.Add(placed);
        }

        return new Dictionary<string, string>
        {
            [vendor.Allocated] = string.Join(';', shares) + (vendor.Terminated ? ";" : ""),
            [vendor.Node] = node.Name(),
        };
    }

    // Either a list of records with commas that end in colons, or (newer HAMi) JSON.
    private static List<Card> Cards(string register, Vendor vendor) => register.StartsWith('[')
        ? [.. JsonNode.Parse(register)!.AsArray().OfType<JsonObject>().Where(c => c.Flag("health"))
            .Select(c => new Card(c.Text("id") ?? "", c.Number("count") ?? 0, c.Number("devmem") ?? 0))]
        : [.. register.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(c => c.Split(','))
            .Where(c => c.Length > vendor.HealthField && c[vendor.HealthField] == "true").Select(c => new Card(c[0], Number(c[1]), Number(c[2])))];

    private static long Amount(JsonObject container, string[] resources) =>
        (long)resources.Select(r => Quantity.Parse(container.Text("resources", "limits", r) ?? container.Text("resources", "requests", r))).FirstOrDefault(a => a > 0);

    private static long Number(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <param name="HealthField">Place of the health in a record of the register.</param>
    /// <param name="Terminated">Whether the last container's shares end in a semicolon too.</param>
    private sealed record Vendor(string Register, string Allocated, string Node, string[] Number, string[] Memory, string[] Cores, int HealthField, bool Terminated);

    private sealed class Card(string id, long shares, long memory)
    {
        private long _shares = shares;
        private long _free = memory;
        private long _cores = 100;

        public string Id { get; } = id;

        public long Memory { get; } = memory;

        public bool HasRoom(long wanted, long cores) => _shares > 0 && cores <= _cores && (wanted == 0 ? _free == Memory : wanted <= _free);

        public void Take(long amount, long cores)
        {
            _shares--;
            _free -= amount;
            _cores -= cores;
        }
    }
}
