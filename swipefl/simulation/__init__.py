"""Many clients on one machine: the trainer, update and aggregation that devices and coordinators have."""
