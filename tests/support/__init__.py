"""What tests share: tiny warehouses whose sources are written in the test."""
