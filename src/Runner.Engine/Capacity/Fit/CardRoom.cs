using k8s.Models;

namespace Runner.Engine.Capacity.Fit;

/// <summary>Room on the cards of one node that are shared out in parts: every part has to find one card with enough memory and computing power. Pure.</summary>
internal sealed class CardRoom
{
    private static readonly string[] Numbers = ["nvidia.com/vgpu", "nvidia.com/gpu", "volcano.sh/vgpu-number"];
    private static readonly string[] Memories = ["nvidia.com/vgpumem", "nvidia.com/gpumem", "volcano.sh/vgpu-memory"];
    private static readonly string[] Cores = ["nvidia.com/vgpucores", "nvidia.com/gpucores", "volcano.sh/vgpu-cores"];

    private readonly Card[] _cards;

    public CardRoom(NodeCapacity node) => _cards =
    [
        .. node.SharedDevices.Where(use => use.Device.Healthy)
            .Select(use => new Card(use.Device.MemoryMiB, use.Device.Slots - use.UsedSlots, use.Device.MemoryMiB - use.UsedMemoryMiB, 100 - use.UsedCorePercent)),
    ];

    /// <summary>Whether only the cards of a node know how much there is of this resource, so that the node offers no amount of it.</summary>
    public static bool OnlyCardsKnow(string resource) => resource is "nvidia.com/vgpumem" or "nvidia.com/gpumem" or "nvidia.com/vgpucores" or "nvidia.com/gpucores";

    /// <summary>Places the parts that a pod asks for, each on the first card that has room.</summary>
    /// <returns>False when one finds no room; what was placed before it stays placed.</returns>
    public bool TryPlace(V1PodSpec spec)
    {
        foreach (var container in spec.Containers ?? [])
        {
            var (memory, cores) = (Amount(container, Memories), Amount(container, Cores));
            for (var part = Amount(container, Numbers); part > 0; part--)
            {
                var index = Array.FindIndex(_cards, card => card.HasRoom(memory, cores));
                if (index < 0)
                {
                    return false;
                }

                _cards[index] = _cards[index].Take(memory, cores);
            }
        }

        return true;
    }

    private static long Amount(V1Container container, string[] resources) => (long)resources.Select(resource => Amount(container, resource)).FirstOrDefault(amount => amount > 0);

    private static decimal Amount(V1Container container, string resource) =>
        container.Resources?.Limits?.TryGetValue(resource, out var limit) == true ? limit.ToDecimal()
        : container.Resources?.Requests?.TryGetValue(resource, out var request) == true ? request.ToDecimal() : 0;

    /// <param name="Memory">All of its memory, in MiB: what a part without a bound takes, for which the card must be empty.</param>
    private readonly record struct Card(long Memory, long Slots, long Free, long CorePercent)
    {
        public bool HasRoom(long memory, long cores) => Slots > 0 && cores <= CorePercent && (memory == 0 ? Free == Memory : memory <= Free);

        public Card Take(long memory, long cores) => new(Memory, Slots - 1, Free - (memory == 0 ? Memory : memory), CorePercent - cores);
    }
}
